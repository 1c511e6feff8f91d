"""What the tests of the lowering share: a page in Chromium that runs lowered modules."""

import pytest

from tests.lowering import harness


@pytest.fixture(scope="session")
def javascript(chromium):
    """An empty page, asked through ``harness``."""
    page = chromium.new_page()
    page.add_script_tag(content=harness.SCRIPT)
    yield page
    page.close()
