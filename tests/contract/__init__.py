"""What every back end must do, as classes that the tests of each back end inherit."""
