"""Rules over rounds: what they are, how they are played, and plans of a bid for each round."""
