"""The parameter types of the vendors' own clients as strict validators: no key that a type does not have, at any level, and no value of another
type than it says. The types are typed dictionaries, written for type checkers; here each is copied into one that pydantic reads strictly, with
lists in the place of lazy iterables, which pydantic would not look into."""

import sys
import types
import typing
from collections import abc

import pydantic
import typing_extensions


class Strict:
    """Copies of types in a module of their own, so that types that hold themselves find their copies by name."""

    def __init__(self, name):
        self.module = types.ModuleType(f"strict_{name}")
        sys.modules[self.module.__name__] = self.module
        self.names = {}

    def adapter(self, kind):
        copy = self.copy(kind)
        if isinstance(copy, typing.ForwardRef):
            copy = getattr(self.module, copy.__forward_arg__)
        return pydantic.TypeAdapter(copy)

    def copy(self, kind):
        if typing_extensions.is_typeddict(kind):
            return self.dictionary(kind)
        origin, arguments = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
        if origin is typing_extensions.Annotated:
            # Without hints for other readers, such as the clients' own discriminators.
            return self.copy(arguments[0])
        if origin in (typing_extensions.Required, typing_extensions.NotRequired):
            return self.copy(arguments[0])
        if origin in (typing.Union, types.UnionType):
            return typing.Union[tuple(self.copy(one) for one in arguments)]
        if origin in (list, abc.Iterable, abc.Sequence) or getattr(origin, "__name__", "") == "SequenceNotStr":
            return list[self.copy(arguments[0])]
        if origin in (dict, abc.Mapping):
            return dict[self.copy(arguments[0]), self.copy(arguments[1])]
        if origin is typing_extensions.Literal:
            return kind
        if kind in (str, int, float, bool, object, type(None), typing.Any):
            return kind
        # Files and the like, which have no form in JSON.
        return typing.Literal["never in JSON"]

    def dictionary(self, kind):
        key = f"{kind.__module__}.{kind.__qualname__}"
        if key not in self.names:
            name = self.names[key] = f"T{len(self.names)}_{kind.__name__}"
            fields = {}
            for field, hint in typing_extensions.get_type_hints(kind, include_extras=True).items():
                is_needed = typing_extensions.get_origin(hint) is typing_extensions.Required
                copy = self.copy(hint)
                fields[field] = typing_extensions.Required[copy] if is_needed else typing_extensions.NotRequired[copy]
            # What a schema says is the business of who writes it.
            extra = (getattr(kind, "__pydantic_config__", None) or {}).get("extra", "forbid")
            copy = typing_extensions.TypedDict(name, fields, total=False)
            copy.__pydantic_config__ = pydantic.ConfigDict(extra=extra, strict=True)
            copy.__module__ = self.module.__name__
            setattr(self.module, name, copy)
        return typing.ForwardRef(self.names[key], module=self.module.__name__)
