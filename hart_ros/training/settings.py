# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Frozen dataclasses from YAML; every mistake is one line that says where and what to do."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import yaml

Config = TypeVar('Config')
Key = tuple[str, ...]  # ('optimiser', 'kind')


class ConfigError(ValueError):
    """A setting that does not exist or cannot be; the message says where and what to do."""


def limited(default: float, low: float, high: float = float('inf')) -> Any:
    """A field for a number from `low` to `high`."""
    return dataclasses.field(default=default, metadata={'low': low, 'high': high})


class SettingsFile:
    """A YAML file, and the line of each of its keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Key, int] = {}
        try:
            text = path.read_text(encoding='utf-8')
        except OSError as error:
            raise ConfigError(f'{path}: {error.strerror}; give a readable file') from error
        except UnicodeDecodeError as error:
            raise ConfigError(f'{path}: not text in UTF-8; give a YAML file') from error
        root, content = from_yaml(text, str(path))
        self.content: Any = content or {}
        if isinstance(root, yaml.MappingNode):
            self._note(root, ())

    def where(self, key: Key) -> str:
        """`train.yaml:12`."""
        while key and key not in self.lines:
            key = key[:-1]
        return f'{self.path}:{self.lines[key]}' if key else str(self.path)

    def _note(self, node: yaml.MappingNode, above: Key) -> None:
        for name, value in node.value:
            key, line = (*above, str(name.value)), name.start_mark.line + 1
            if key in self.lines:
                first = self.lines[key]
                name = one_line('.'.join(key))
                raise ConfigError(f'{self.path}:{line}: {name} again (line {first})')
            self.lines[key] = line
            if isinstance(value, yaml.MappingNode):
                self._note(value, key)


def from_yaml(text: str, where: str) -> tuple[yaml.Node | None, Any]:
    """A document of YAML, as nodes and as values.

    Aliases are refused: a few lines of them unfold to gigabytes.

    Args:
        text: the document.
        where: what to call it in messages.

    Raises:
        ConfigError: not YAML, or nothing that settings are made of.
    """
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else '?'
                raise ConfigError(f'{where}:{line}: *{event.anchor} is an alias; write it out')
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        place = f'{where}:{mark.line + 1}' if mark else where
        problem = getattr(error, 'problem', None) or 'not readable'
        raise ConfigError(f'{place}: not YAML: {one_line(problem)}; mend this line') from error
    except ConfigError:
        raise
    except ValueError as error:  # 2026-13-01 is a date to YAML
        raise ConfigError(f'{where}: not YAML: {one_line(str(error))}; mend it') from error
    except RecursionError as error:
        raise ConfigError(f'{where}: nested too deeply; settings have two levels') from error


def one_line(text: str, most: int = 100) -> str:
    """A text for a message: what cannot be printed escaped, what is long cut."""
    text = ''.join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= most else f'{text[: most - 3]}...'


def assigned(
    config: Config, key: Key, value: Any, where: Callable[[Key], str], above: Key = ()
) -> Config:
    """A configuration with the value at a key changed; () changes many by a mapping.

    Args:
        config: a dataclass of values and further dataclasses.
        key: path from `config` to what is changed.
        value: as YAML has it.
        where: what to call the place of a key in messages.
        above: path from the whole to `config`.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    if not key:
        return _merged(config, value, where, above)
    fields = {f.name: f for f in dataclasses.fields(config)}  # type: ignore[arg-type]
    path = (*above, key[0])
    if key[0] not in fields:
        near = difflib.get_close_matches(key[0], fields, 1)
        hint = f'did you mean {near[0]}?' if near else f'there are {", ".join(fields)}'
        raise ConfigError(f'{where(path)}: unknown key {one_line(".".join(path))}; {hint}')
    old = getattr(config, key[0])
    if dataclasses.is_dataclass(old):
        new: Any = assigned(old, key[1:], value, where, path)
    elif len(key) > 1 and isinstance(old, Mapping):
        return assigned(config, key[:1], {**old, '.'.join(key[1:]): value}, where, above)
    elif len(key) > 1:
        raise ConfigError(f'{where(path)}: {".".join(path)} has no keys of its own')
    else:
        kind = get_type_hints(type(config))[key[0]]
        try:
            new = _converted(kind, value, fields[key[0]].metadata)
        except ValueError as error:
            said = f'{".".join(path)} is {one_line(repr(value))}'
            raise ConfigError(f'{where(path)}: {said}: {error}') from error
    return dataclasses.replace(config, **{key[0]: new})  # type: ignore[type-var]


def _merged(config: Config, value: Any, where: Callable[[Key], str], above: Key) -> Config:
    if value is not None and not isinstance(value, dict):
        names = ', '.join(f.name for f in dataclasses.fields(config))  # type: ignore[arg-type]
        what = '.'.join(above) or 'the file'
        raise ConfigError(
            f'{where(above)}: {what} is {one_line(repr(value))}: give keys, of {names}'
        )
    for name, part in (value or {}).items():
        config = assigned(config, (str(name),), part, where, above)
    return config


def _converted(kind: Any, value: Any, limits: Mapping[str, float]) -> Any:
    """A value as its field wants it; ValueError says what to give instead."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _chosen(parts, value)
    if origin is tuple:
        return _items(parts, value)
    if origin is not None:  # Mapping[str, float]
        if not isinstance(value, dict):
            raise ValueError('give a mapping, e.g. {synthetic: 0.4}')
        return {str(k): _number(float, v, {'low': 0}) for k, v in value.items()}
    if kind is bool:
        return _chosen((True, False), value)
    if kind is str:
        if not isinstance(value, str) or not value:
            raise ValueError('give text')
        return value
    return _number(kind, value, limits)


def _chosen(choices: tuple[Any, ...], value: Any) -> Any:
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return choice
    names = [str(choice).lower() if isinstance(choice, bool) else choice for choice in choices]
    raise ValueError(f'give {" or ".join(names)}')


def _items(parts: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if len(parts) == 2 and parts[1] is Ellipsis:
        if isinstance(value, str) and parts[0] is str:
            value = [value]  # one folder
        if not isinstance(value, list):
            raise ValueError('give a list, e.g. [1, 2]')
        return tuple(_converted(parts[0], item, {}) for item in value)
    if not isinstance(value, list) or len(value) != len(parts):
        raise ValueError(f'give lists of {len(parts)} each')
    return tuple(_converted(part, item, {}) for part, item in zip(parts, value, strict=True))


def _number(kind: type, value: Any, limits: Mapping[str, float]) -> Any:
    low, high = limits.get('low', float('-inf')), limits.get('high', float('inf'))
    span = f' from {low:g}' if low > float('-inf') else ''
    span += f' to {high:g}' if high < float('inf') else ''
    what = f'give a {"whole " if kind is int else ""}number{span}'
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(what)
    try:
        number, same = kind(value), float(value)  # YAML takes 1e-3 for text
    except (ValueError, OverflowError) as error:
        raise ValueError(what) from error
    if number != same or not low <= number <= high or math.isinf(number):
        raise ValueError(what)
    return number
