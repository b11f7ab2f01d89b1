"""Imports and constants around rewritten code are merged into its module."""

from __future__ import annotations

import pytest

from agent.repository.edit.imports import imports_of, with_imports
from agent.repository.edit.text_file import text_file
from tests.agent.repository.edit.held import MODULE, fenced, repository


def added(code: str, module: str = MODULE, name: str = "add") -> str:
    """The module after an answer with this code."""
    return repository({"pkg/shapes.py": module}, [f"pkg/shapes.py::{name}"]).text(fenced(code))


def test_an_import_that_new_code_uses_stands_with_the_others() -> None:
    text = added("import re\nimport sys\n\ndef add(a, b):\n    return re.sub(a, b)")
    assert "from typing import Any\nimport re\n\n\n# Adds" in text and "import sys" not in text


def test_imports_that_are_there_are_not_repeated() -> None:
    text = added("import os\nfrom typing import Any\n\ndef add(a: Any, b):\n    return os.path.join(a, b)")
    assert text.count("import os") == 1 and text.count("import Any") == 1


def test_names_join_the_import_of_their_module() -> None:
    text = added("from typing import Any, Optional\n\ndef add(a: Optional[Any], b):\n    return a")
    assert "from typing import Any, Optional\n" in text


def test_future_imports_stand_first() -> None:
    text = added("from __future__ import annotations\n\ndef add(a, b):\n    return a")
    assert text.startswith('"""Shapes."""\n\nfrom __future__ import annotations\n\nimport os\n')


def test_a_name_that_the_module_binds_differently_is_imported_inside() -> None:
    text = added("from os import path as os\n\ndef add(a, b):\n    return os.join(a, b)")
    assert "\nimport os\n" in text and "def add(a, b):\n    from os import path as os\n    return os.join(a, b)" in text


def test_the_module_does_not_import_itself() -> None:
    text = added("from pkg.shapes import Shape\n\ndef add(a, b):\n    return Shape()")
    assert "from pkg.shapes" not in text


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("", "import re\n"),
        ("x = 1\n", "import re\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nimport re\n\nx = 1\n'),
        ("#!/usr/bin/python\n# Licence\n\nx = 1\n", "#!/usr/bin/python\n# Licence\n\nimport re\n\nx = 1\n"),
        (
            "import os\nfrom a import (\n    b,\n)\n\nx = 1\n",
            "import os\nfrom a import (\n    b,\n)\nimport re\n\nx = 1\n",
        ),
        (
            "import os\n\n\ndef f():\n    pass\n\n\nimport late\n",
            "import os\nimport re\n\n\ndef f():\n    pass\n\n\nimport late\n",
        ),
    ],
)
def test_an_import_is_added_where_imports_stand(module: str, expected: str) -> None:
    import ast

    file = text_file(module.encode())
    assert file is not None
    assert (
        "".join(with_imports(file, list(imports_of(ast.parse("import re").body))).lines).replace("\n\n\nx", "\n\nx")
        == expected
    )


def test_constants_that_new_code_uses_are_added_before_it_and_others_are_not() -> None:
    text = added("LIMIT = 10\nunused = 3\n\ndef add(a, b):\n    return min(a + b, LIMIT)")
    assert "\n\nLIMIT = 10\n\n\n# Adds two numbers.\n@traced\ndef add" in text and "unused" not in text


def test_a_constant_of_the_module_is_changed() -> None:
    module = "LIMIT = 5\n\n\ndef add(a, b):\n    return min(a + b, LIMIT)\n"
    assert added("LIMIT = 10\n\ndef add(a, b):\n    return min(a + b, LIMIT)", module) == module.replace("5", "10")
    assert added("# pkg/shapes.py\nLIMIT = 10", module) == module.replace("5", "10")
