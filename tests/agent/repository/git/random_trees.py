"""Dirty trees of every kind that git knows, made from a seed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from random import Random

from agent.repository.git.untracked import LARGEST, MOST
from tests.agent.repository.git.trees import Tree, make_tree

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 5\n"
NAMES = ["a.py", "b.txt", "w.bat", "lib/c.py", "lib/deep/d.txt", "data/e.bin", "data/f.dat", "sp ace", "ümlaut.py"]
ODD_NAMES = ["new\nline", 'quo"te', "back\\slash", "-dash", "[x]*", "tab\there", os.fsdecode(b"latin\xfc"), "lib/é\n/g"]
ATTRIBUTES = ["* text=auto\n", "*.bat text eol=crlf\n", "*.py -text ident\n", "*.dat filter=lfs\n", "*.txt -diff\n"]


@dataclass(frozen=True)
class RandomTree:
    """A dirty tree, and the words for what was done to it."""

    tree: Tree
    features: tuple[str, ...]


def random_text(random: Random, end: bytes = b"\n") -> bytes:
    """Lines, most of them distinct, with or without an end of the last one."""
    lines = [
        b"%d %s" % (number, random.choice([b"x", b"y = 1", b"$Id$", b""])) for number in range(random.randint(1, 30))
    ]
    return end.join(lines) + (end if random.random() < 0.8 else b"")


def random_contents(random: Random) -> bytes:
    """Contents of a file: text with any line ends, binary, or nothing."""
    kind = random.random()
    if kind < 0.1:
        return b""
    if kind < 0.2:
        return random.randbytes(random.randint(1, 300))
    if kind < 0.3:
        return random_text(random, b"\r\n") + random_text(random)
    return random_text(random, b"\r\n" if kind < 0.5 else b"\n")


class Maker:
    """Makes one tree; every feature is drawn."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.folder = folder
        self.features: list[str] = []

    def has(self, feature: str, probability: float) -> bool:
        """Whether the tree is to have a feature."""
        found = self.random.random() < probability
        if found:
            self.features.append(feature)
        return found

    def make(self) -> RandomTree:
        """The tree."""
        options = ["--object-format=sha256"] if self.has("sha256", 0.1) else []
        tree = make_tree(self.folder / "main", *options)
        self.settings(tree)
        if not self.has("no commits", 0.12):
            self.committed(tree)
            tree = self.position(tree)
        else:
            self.files(tree, NAMES, 0.7)
        self.dirty(tree)
        return RandomTree(tree, tuple(self.features))

    def settings(self, tree: Tree) -> None:
        """Line ends, attributes, filters."""
        autocrlf = self.random.choice(["true", "input", "false", ""])
        if autocrlf:
            self.features.append(f"autocrlf {autocrlf}")
            tree.git("config", "core.autocrlf", autocrlf)
        if self.has("attributes", 0.5):
            chosen = [line for line in ATTRIBUTES if self.random.random() < 0.6]
            tree.write(".gitattributes", "".join(chosen))
        if self.has("ignored files", 0.5):
            tree.write(".gitignore", "*.log\n/build/\n")
            tree.write("x.log", "ignored")
            tree.write("build/out", "ignored")

    def files(self, tree: Tree, names: list[str], share: float) -> None:
        """Files with random contents and modes."""
        for name in names:
            if self.random.random() < share:
                data = POINTER % self.random.randint(0, 9) if name.endswith(".dat") else random_contents(self.random)
                tree.write(name, data, self.random.choice([0o644, 0o644, 0o755, 0o600, 0o444]))

    def committed(self, tree: Tree) -> None:
        """Two commits, with links, odd names, a submodule."""
        self.files(tree, NAMES, 0.9)
        if self.has("odd names", 0.3):
            self.files(tree, ODD_NAMES, 0.6)
        if self.has("links", 0.4):
            for name, target in (("l1", "a.py"), ("l2", "../outside"), ("lib/l3", "deep"), ("l4", "nowhere")):
                (tree.root / name).parent.mkdir(exist_ok=True)
                (tree.root / name).symlink_to(target)
        tree.commit("first")
        if "sha256" not in self.features and self.has("submodule", 0.15):
            inner = make_tree(self.folder / "inner")
            inner.write("i.txt", "i\n")
            inner.commit()
            tree.git("submodule", "--quiet", "add", inner.root, "sub")
        self.files(tree, NAMES[:4], 0.5)
        tree.commit("second")
        if self.has("filter", 0.3):
            tree.git("config", "filter.lfs.clean", "cat")
            tree.git("config", "filter.lfs.smudge", "cat")

    def position(self, tree: Tree) -> Tree:
        """A stash, a detached HEAD, a linked worktree, a sparse checkout, another form of the index."""
        if self.has("stash", 0.2):
            tree.write("a.py", "stashed\n")
            tree.git("stash", "--quiet")
        if self.has("linked worktree", 0.15):
            tree.git("worktree", "add", "--quiet", "--detach", self.folder / "linked")
            tree = Tree(self.folder / "linked")
        elif self.has("detached", 0.15):
            tree.git("checkout", "--quiet", "--detach", "HEAD~1")
        if self.has("sparse", 0.15):
            tree.git("sparse-checkout", "set", "--cone", *self.random.choice([["lib"], ["data", "--sparse-index"]]))
        if "sparse" not in self.features and self.has("split index", 0.1):
            tree.git("update-index", "--split-index")
        elif self.has("index v4", 0.1):
            tree.git("update-index", "--index-version=4")
        if self.has("packed refs", 0.2):
            tree.git("pack-refs", "--all")
        return tree

    def dirty(self, tree: Tree) -> None:
        """Changes of files and of the index, and files that git does not know."""
        present = {path for path, (mode, _) in tree.files().items() if stat.S_ISREG(mode)}
        present = {path for path in present - {".gitmodules"} if not path.startswith("sub/")}
        for path in sorted(present):
            self.change(tree, path)
        if self.has("untracked", 0.7):
            self.files(tree, ["new.py", "lib/new.txt", "fresh/one", "fresh/two/three", "w2.bat"], 0.7)
        if self.has("large untracked", 0.15):
            with tree.write("large", b"x").open("r+b") as file:
                file.truncate(LARGEST + 1)
        if self.has("many untracked", 0.1):
            for number in range(MOST + 1):
                tree.write(f"node_modules/{number % 5}/{number}", "m")
        if self.has("repository inside", 0.1):
            make_tree(tree.root / "inside").write("file", "f\n")
        if self.has("merge in progress", 0.1):
            (tree.git_dir / "MERGE_HEAD").write_text("0" * 40 + "\n")

    def change(self, tree: Tree, path: str) -> None:
        """One change of one file, or none."""
        draw, place = self.random.random(), tree.root / path
        if draw < 0.45:
            return
        if draw < 0.6:
            tree.write(path, random_contents(self.random))
        elif draw < 0.66:
            place.chmod(place.stat().st_mode ^ 0o111)
        elif draw < 0.72:
            place.unlink()
        elif draw < 0.76:
            place.unlink()
            place.symlink_to("a.py")
        elif draw < 0.8:
            data = place.read_bytes()
            place.write_bytes(data.replace(b"\r\n", b"\n") if b"\r\n" in data else data.replace(b"\n", b"\r\n"))
        else:
            self.change_index(tree, path)

    def change_index(self, tree: Tree, path: str) -> None:
        """One change that the index knows."""
        action = self.random.choice(["stage", "stage and edit", "rename", "forget", "assume", "skip", "intend"])
        is_tracked = bool(tree.git("ls-files", "--", path))
        if action in ("rename", "forget", "assume", "skip") and not is_tracked:
            return
        self.features.append(action)
        if action == "rename":
            tree.git("mv", "--", path, path + ".moved")
        elif action == "forget":
            tree.git("rm", "--quiet", "--force", "--cached", "--sparse", "--", path)
        elif action in ("assume", "skip"):
            flag = {"assume": "--assume-unchanged", "skip": "--skip-worktree"}[action]
            tree.git("update-index", flag, "--", path)
            tree.write(path, random_contents(self.random))
        elif action == "intend":
            tree.write(path + ".meant", "meant\n")
            tree.git("add", "--force", "--sparse", "--intent-to-add", "--", path + ".meant")
        else:
            tree.write(path, random_contents(self.random))
            tree.git("add", "--force", "--sparse", "--", path)
            if action == "stage and edit":
                tree.write(path, random_contents(self.random))


def make_random_tree(folder: Path, seed: int) -> RandomTree:
    """The dirty tree of a seed, below a folder."""
    return Maker(folder, seed).make()
