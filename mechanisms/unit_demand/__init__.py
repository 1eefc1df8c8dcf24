"""Markets of single units: double auctions, entry fees, ex post payments."""
