"""Numerical methods that know nothing of markets: roots, quadrature, polynomials, rationals."""
