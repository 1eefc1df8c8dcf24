"""Auctions and exchanges of several indivisible units: Vickrey's, and one price for all."""
