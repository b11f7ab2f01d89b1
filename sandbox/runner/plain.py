"""Recognises plain programs: their code names nothing that reaches beyond their own globals and standard streams.

Several inputs of a plain program may run one after another in one process. The rule is an allow-list over the names and
constants of compiled code. It keeps what an honest program does on one input from changing what the program does on
the next. A program that circumvents the rule can only spoil its own results: like every program it runs in a jail, from
which no expected output can be read.
"""

from __future__ import annotations

import opcode
import sys
import types

from sandbox.runner.executed import Executed


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES = _words("""
    __future__ abc array bisect calendar cmath collections collections.abc copy dataclasses datetime decimal enum
    fractions functools heapq itertools json math numbers operator random re statistics string sys textwrap time typing
""")
"""Modules that give no access to files, processes, frames or code, and whose state can be checked or reset."""

PARTS = {"ast": _words("literal_eval"), "io": _words("StringIO")}
"""Names that a plain program may import from further modules, by `from ... import` alone."""

SPECIAL = frozenset(
    f"__{name}__"
    for name in _words("""
        abs add and annotations bool bytes call classcell contains delitem divmod doc enter eq exit float floor floordiv
        format ge getitem gt hash iadd iand ilshift imod imul index init int invert ior ipow irshift isub iter itruediv
        ixor le len lshift lt main matmul missing mod module mul name ne neg new next or pos post_init pow qualname radd
        rand rdivmod repr reversed rfloordiv rlshift rmod rmul ror round rpow rrshift rshift rsub rtruediv rxor setitem
        slots str sub truediv trunc xor
    """)
)
"""Harmless names with double underscores: operators, construction, and attributes that describe a definition."""

CODE_AND_FILES = _words("""
    eval exec compile globals locals vars dir getattr setattr delattr breakpoint help license credits copyright
    attrgetter methodcaller Formatter vformat get_field make_dataclass get_type_hints ForwardRef
""")
"""Names that turn text into code, or look up names or files by text."""

FRAMES = _words("""
    tb_frame tb_next f_back f_globals f_locals f_builtins f_code gi_frame gi_code gi_yieldfrom cr_frame cr_code ag_frame
    ag_code co_code
""")

INTERPRETER = _words("""
    modules settrace setprofile gettrace getprofile excepthook displayhook unraisablehook breakpointhook addaudithook
    meta_path path_hooks path_importer_cache argv orig_argv executable setswitchinterval setdlopenflags call_tracing
    getrefcount set_asyncgen_hooks set_coroutine_origin_tracking_depth activate_stack_trampoline monitoring
    getallocatedblocks last_value last_type last_traceback getrecursionlimit
""")
"""State of the interpreter. Streams, number formats and `setrecursionlimit` are allowed, `getrecursionlimit` is not."""

CLOCKS = _words("""
    process_time process_time_ns thread_time thread_time_ns clock_gettime clock_gettime_ns pthread_getcpuclockid
""")
"""Clocks that begin at zero in a new process; all others have no fixed beginning."""

REGISTRIES = _words("""
    register get_overloads clear_overloads global_enum get_cache_token
    _convert_ _member_names_ _member_map_ _value2member_map_ _unhashable_values_ _field_defaults
""")
"""Functions that find or change modules by name, and tables kept for one class or for all classes."""

STATE = _words("""
    DefaultContext BasicContext ExtendedContext setcontext purge setfirstweekday tzset dispatch_table
    mro readable writable seekable fileno raw detach peek reconfigure getvalue getbuffer isatty truncate sleep
""")
"""State of modules that nothing resets; streams below the text layer; sleeping, which would delay other inputs."""

FORBIDDEN = CODE_AND_FILES | FRAMES | INTERPRETER | CLOCKS | REGISTRIES | STATE

_WRAPPER = _words("__module__ __name__ __qualname__ __doc__ __wrapped__ __annotations__ __type_params__")
WRITERS = {
    "update_wrapper": _WRAPPER,
    "wraps": _WRAPPER,
    "dataclass": _words("""
        __init__ __repr__ __eq__ __lt__ __le__ __gt__ __ge__ __hash__ __setattr__ __delattr__ __getstate__ __setstate__
        __match_args__ __replace__ __doc__ __slots__ __annotations__ __dataclass_fields__ __dataclass_params__
        __abstractmethods__
    """),
    "total_ordering": _words("__lt__ __le__ __gt__ __ge__"),
    "abstractmethod": _words("__isabstractmethod__"),
    "update_abstractmethods": _words("__abstractmethods__"),
    "final": _words("__final__"),
    "override": _words("__override__"),
    "no_type_check": _words("__no_type_check__"),
    "runtime_checkable": _words("_is_runtime_protocol __non_callable_proto_members__"),
    "runtime": _words("_is_runtime_protocol __non_callable_proto_members__"),
    "dataclass_transform": _words("__dataclass_transform__"),
}
"""Functions that set attributes of their argument, which may belong to a module, and the names of these attributes."""

LARGEST = 1 << 16
"""Bytes of source above which compiling needs a process with limits of its own."""

GENERATOR, OTHER_SUSPENDING = 0x20, 0x80 | 0x200
"""Flags of code objects: generators; coroutines and asynchronous generators."""

_EXECUTING = ("exec", "compile")
_IMPORTS = frozenset((opcode.opmap["IMPORT_NAME"],))
_CONSTANT = opcode.opmap["LOAD_CONST"]
_ATTRIBUTE_CHANGES = frozenset((opcode.opmap["STORE_ATTR"], opcode.opmap["DELETE_ATTR"]))
_ATTRIBUTE_LOADS = frozenset(opcode.opmap[name] for name in ("LOAD_ATTR", "LOAD_METHOD") if name in opcode.opmap)
_LOAD_SHIFT = 1 if sys.version_info >= (3, 12) else 0
"""Bits below the index of the name in the argument of an instruction that loads an attribute."""
_EXTENDED = opcode.EXTENDED_ARG


def reachable_modules() -> frozenset[str]:
    """Names of attributes of the loaded MODULES that are modules outside MODULES or are private (`_name`)."""
    names = set()
    for name in MODULES:
        module = sys.modules.get(name)
        for attribute, value in vars(module).items() if module is not None else ():
            foreign = isinstance(value, types.ModuleType) and attribute not in MODULES
            if foreign or (attribute.startswith("_") and not attribute.startswith("__")):
                names.add(attribute)
    names.discard("_")
    return frozenset(names)


def imports_of(
    code: types.CodeType, forbidden: frozenset[str], executed: Executed | None = None
) -> frozenset[str] | None:
    """The modules that a plain program imports; None for a program that is not plain.

    `forbidden` are names in addition to FORBIDDEN: the result of `reachable_modules`. `executed` is what `executed_by`
    found in the program's source.
    """
    imports: set[str] = set()
    main = code
    codes = [code] if executed is None else [code, executed.code]
    while codes:
        code = codes.pop()
        imported = _named_by(code, _IMPORTS)
        if not imported <= MODULES and not _imports_only_parts(code):
            return None
        imports |= imported
        special = SPECIAL | imported
        # The text is executed by the outermost code, at one place.
        allowed = _EXECUTING if executed is not None and code is main else ()
        for name in code.co_names:
            if name in allowed:
                continue
            if name in FORBIDDEN or name in forbidden or (name.startswith("__") and name not in special):
                return None
        # As an attribute, `__annotations__` is the table of a function or class; as a bare name, the program's own.
        if "__annotations__" in code.co_names and "__annotations__" in _named_by(code, _ATTRIBUTE_LOADS, _LOAD_SHIFT):
            return None
        constants = list(code.co_consts)
        while constants:
            constant = constants.pop()
            kind = type(constant)
            if kind is str:
                is_text = executed is not None and code is main and constant == executed.text
                if "__" in constant and constant != "__main__" and not is_text:
                    return None
            elif kind is types.CodeType:
                codes.append(constant)
            elif kind is tuple or kind is frozenset:
                constants += constant
                # Names of keyword arguments, and of attributes in class patterns.
                if any(
                    type(word) is str and (word in FORBIDDEN or word in forbidden or word[:1] == "_")
                    for word in constant
                ):
                    return None
    return frozenset(imports)


def _named_by(code: types.CodeType, kinds: frozenset[int], shift: int = 0) -> set[str]:
    """The names that instructions of these kinds use in this code object, without the code objects nested in it.

    `shift` is the number of bits of an instruction's argument below the index of the name.
    """
    instructions = code.co_code
    if kinds.isdisjoint(instructions[::2]):
        return set()
    names = set()
    argument = 0
    for at in range(0, len(instructions), 2):
        argument |= instructions[at + 1]
        if instructions[at] == _EXTENDED:
            argument <<= 8
            continue
        if instructions[at] in kinds:
            names.add(code.co_names[argument >> shift])
        argument = 0
    return names


def _imports_only_parts(code: types.CodeType) -> bool:
    """Whether this code object imports only MODULES, and from other modules only PARTS."""
    instructions, argument = code.co_code, 0
    names: object = None
    for at in range(0, len(instructions), 2):
        operation = instructions[at]
        argument |= instructions[at + 1]
        if operation == _EXTENDED:
            argument <<= 8
            continue
        if operation in _IMPORTS:
            module = code.co_names[argument]
            # The constant before the instruction: the imported names, None for `import ...`.
            if module not in MODULES and not (
                type(names) is tuple and PARTS.get(module, frozenset()).issuperset(names)
            ):
                return False
        names = code.co_consts[argument] if operation == _CONSTANT else None
        argument = 0
    return True


def names_of(code: types.CodeType) -> frozenset[str]:
    """Every name of a global, an attribute or a module in the code and in code nested in it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            names |= names_of(constant)
    return frozenset(names)


def changed_attributes(code: types.CodeType) -> frozenset[str]:
    """Names of attributes, of any object, that the code and code nested in it set or delete, directly or by WRITERS."""
    names = _named_by(code, _ATTRIBUTE_CHANGES)
    names.update(*(WRITERS[name] for name in code.co_names if name in WRITERS))
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            names |= changed_attributes(constant)
    return frozenset(names)


def suspends(code: types.CodeType) -> bool:
    """Whether the code defines generators or coroutines that have an effect when destroyed before they finish.

    Coroutines and asynchronous generators always count, since Python may warn about them; generators count only with
    an exception table (`try`, `with`), whose handlers would run.
    """
    flags = code.co_flags
    if flags & OTHER_SUSPENDING or (flags & GENERATOR and code.co_exceptiontable):
        return True
    return any(suspends(constant) for constant in code.co_consts if type(constant) is types.CodeType)
