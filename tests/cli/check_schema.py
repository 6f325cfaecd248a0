#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates experiments against the JSON Schema: the bundled ones and the manual's example must fit,
and each of some slips of the pen must not. Usage: check_schema.py SOURCE_FOLDER"""
import copy
import json
import pathlib
import re
import sys

import jsonschema

root = pathlib.Path(sys.argv[1])
schema = json.loads((root / "resources/schema/experiment.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failures = 0


def expect(fits, name, experiment):
    global failures
    errors = [error.message for error in validator.iter_errors(experiment)]
    if fits != (not errors):
        failures += 1
        print(f"{name}: {errors[0] if errors else 'fits the schema, and should not'}")


bundled = sorted((root / "datasets/experiments").glob("*.json"))
if len(bundled) < 2:
    sys.exit("There are no bundled experiments to check.")
for path in bundled:
    expect(True, path.name, json.loads(path.read_text()))

manual = (root / "resources/manual/experiment.md").read_text()
example = json.loads(re.search(r"```json\n(.*?)```", manual, re.DOTALL).group(1))
expect(True, "the manual's example", example)

least = {"version": 1, "data": {"file": "m.h5"}, "methods": ["scalar"]}
expect(True, "the least experiment", least)


def changed(**entries):
    experiment = copy.deepcopy(least)
    for path, value in entries.items():
        *parents, key = path.split("__")
        place = experiment
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[key]
        else:
            place[key] = value
    return experiment


def method(**parameters):
    return changed(methods=[{"id": "m", "parameters": parameters}])


for name, experiment in {
    "a list": method(bits=[2, 4]),
    "a range": method(bits={"from": 2, "to": 8}),
    "a range with a step": method(bits={"from": 2, "to": 3, "step": 0.5}),
    "a nested method": method(base={"id": "scalar", "parameters": {"bits": [2, 3]}}),
    "several nested methods": method(base=[{"id": "scalar"}, {"id": "pq"}]),
    "foldings": changed(data__folds=[{"tensors": "conv*", "fold": "rows=3,0"},
                                     {"tensors": "b", "fold": "rows="}]),
    "all of the data": changed(data__exclude=["x"], data__normalize="rows",
                               data__follow_external_links=True, hessians="h.h5", seed=7,
                               metrics=["nmse"], title="t"),
}.items():
    expect(True, name, experiment)

for name, experiment in {
    "no version": changed(version=None),
    "another version": changed(version=2),
    "no file": changed(data__file=None),
    "no methods": changed(methods=None),
    "an unknown key": changed(sed=1),
    "an unknown key of the data": changed(data__tensor=["*"]),
    "tensors as a text": changed(data__tensors="*"),
    "a negative seed": changed(seed=-1),
    "a seed with a fraction": changed(seed=1.5),
    "an unknown metric": changed(metrics=["nsme"]),
    "an unknown normalization": changed(data__normalize="always"),
    "a folding rule of words": changed(data__folds=[{"tensors": "*", "fold": "rows=first"}]),
    "a folding without glob": changed(data__folds=[{"fold": "rows=1"}]),
    "a method without id": changed(methods=[{"parameters": {}}]),
    "a method that is a number": changed(methods=[4]),
    "a range without end": method(bits={"from": 2}),
    "a range that stands still": method(bits={"from": 2, "to": 8, "step": 0}),
    "an empty list": method(bits=[]),
    "no value": changed(methods=[{"id": "m", "parameters": {"bits": [None]}}]),
}.items():
    expect(False, name, experiment)

sys.exit(1 if failures else 0)
