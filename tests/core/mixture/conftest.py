"""The mixture as it is with a compiler and as it is without one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gmmseg.mixture import compiled


@pytest.fixture(scope="module", params=["compiled", "numpy"])
def both_e_steps(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run every test of a module with the compiled E-step and again with numpy's."""
    if request.param == "compiled":
        if not compiled.is_available():
            pytest.skip("no C compiler was at hand when gmmseg was installed")
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "is_available", lambda: False)
        yield
