"""Rules over rounds: what they are, how they are played, and what one bid says about every round."""
