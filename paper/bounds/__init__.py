"""The constants of Lemma 1 and of Propositions 1 to 7, as functions of an economy's bounds."""
