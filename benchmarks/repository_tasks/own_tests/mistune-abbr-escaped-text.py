import mistune


def test_escaped_emphasis():
    render = mistune.create_markdown(plugins=["abbr"])
    assert render("\\*a*\n\n*[HTML]: Hyper Text") == "<p>*a*</p>\n"


def test_escaped_character_before_an_abbreviation():
    render = mistune.create_markdown(plugins=["abbr"])
    html = render("\\*HTML\n\n*[HTML]: Hyper Text")
    assert html == '<p>*<abbr title="Hyper Text">HTML</abbr></p>\n'


def test_escaped_underscores():
    render = mistune.create_markdown(plugins=["abbr"])
    assert render("\\_a_\n\n*[HTML]: Hyper Text") == "<p>_a_</p>\n"


def test_escaped_strong_emphasis():
    render = mistune.create_markdown(plugins=["abbr"])
    assert render("\\*\\*a**\n\n*[HTML]: Hyper Text") == "<p>**a**</p>\n"


def test_escaped_character_between_words():
    render = mistune.create_markdown(plugins=["abbr"])
    assert render("one \\*two* three\n\n*[HTML]: Hyper Text") == "<p>one *two* three</p>\n"
