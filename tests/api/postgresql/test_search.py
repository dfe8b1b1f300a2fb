from tests.api.search.test_counts import *  # noqa: F403
from tests.api.search.test_matching import (  # noqa: F401
    test_a_search_below_a_study_or_series_finds_nothing_else,
    test_names_that_sound_alike_are_found_by_fuzzy_matching,
    test_the_server_finds_what_the_matcher_finds,
)
from tests.api.search.test_paging import *  # noqa: F403
from tests.api.search.test_returned_attributes import *  # noqa: F403
