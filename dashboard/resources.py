"""Everything that is kept between reruns and shared between sessions: each cache, once.

What is cached is immutable or only read. Keys hold what decides the value, so that nothing
has to be cleared by hand.
"""

from core.training.runs import Workspace, default_workspace


def workspace() -> Workspace:
    """Where runs live. Not cached: it is a path."""
    return Workspace(default_workspace())
