"""What a log is told of an error."""

from core.errors import DatasetError, without_words


def test_a_log_is_told_where_an_error_came_from_and_not_its_words():
    def fail(name: str) -> None:
        raise DatasetError("a scan", f"'{name}' is gone", "Put it back.")

    try:
        fail("_".join(["JANE", "DOE"]))
    except DatasetError as error:
        told = without_words(error)
    assert told.startswith("DatasetError")
    assert "in fail" in told
    assert "JANE_DOE" not in told
