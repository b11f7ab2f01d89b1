from slugify import slugify


def test_repeated_delimiters_are_kept():
    slug = slugify(
        "value",
        algorithm="modern",
        replacements=[("value", "one--two--three")],
        replacement_stage="post",
        max_length=13,
        word_boundary=True,
    )
    assert slug == "one--two"


def test_leading_delimiters_are_kept():
    slug = slugify(
        "value",
        algorithm="modern",
        replacements=[("value", "--one--two")],
        replacement_stage="post",
        max_length=8,
        word_boundary=True,
    )
    assert slug == "--one"


def test_three_delimiters_count_towards_the_length():
    slug = slugify(
        "value",
        algorithm="modern",
        replacements=[("value", "one---two---three")],
        replacement_stage="post",
        max_length=14,
        word_boundary=True,
    )
    assert slug == "one---two"


def test_long_separators_are_kept_as_often():
    slug = slugify(
        "value",
        algorithm="modern",
        replacements=[("value", "one--two--three")],
        replacement_stage="post",
        separator="::",
        max_length=17,
        word_boundary=True,
    )
    assert slug == "one::::two"
