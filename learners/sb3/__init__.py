"""Learners that stable-baselines3 drives, and what turns its models into deviations."""
