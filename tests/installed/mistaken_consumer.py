"""A user's program with mistakes that types must catch: each line below that says so is one."""

import deviator
from deviator.economies import two_groups
from deviator.envs import deviation_core

two_groups(n_traders="four")  # mistake
deviation_core("uniform-conditional")  # mistake
print(deviator.audit("sigma-dcda", two_groups()).colour)  # mistake
