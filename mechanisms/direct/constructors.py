"""The sigma-VCG mechanism of any economy that it is known for."""

from deviator.economies import QuadraticEconomy, SmoothEconomy
from deviator.errors import InvalidInputError

from .sigma_vcg import SigmaVCG, UnreachedUnits
from .smooth_sigma_vcg import SmoothSigmaVCG


def sigma_vcg(
    economy: QuadraticEconomy | SmoothEconomy,
    sigma: float = 0.0,
    unreached_units: UnreachedUnits = "printed",
) -> SigmaVCG | SmoothSigmaVCG:
    """Return VCG with quadratic taxes in a linear-quadratic or a smooth economy.

    Parameters
    ----------
    economy : QuadraticEconomy or SmoothEconomy
    sigma, unreached_units
        As in `SigmaVCG` and `SmoothSigmaVCG`.

    Raises
    ------
    InvalidInputError
        If the economy is neither linear-quadratic nor smooth, or a setting is out of range.
    RefusedError
        If quantities do not increase in the own type.

    Examples
    --------
    >>> from deviator.economies import private_values, saturating
    >>> type(sigma_vcg(private_values(4), 0.2)).__name__
    'SigmaVCG'
    >>> type(sigma_vcg(saturating(4), 0.2)).__name__
    'SmoothSigmaVCG'
    """
    if isinstance(economy, QuadraticEconomy):
        return SigmaVCG(economy, sigma, unreached_units)
    if isinstance(economy, SmoothEconomy):
        return SmoothSigmaVCG(economy, sigma, unreached_units)
    raise InvalidInputError(
        f"economy must be linear-quadratic or smooth, got {type(economy).__name__}; build one with "
        "deviator.economies"
    )
