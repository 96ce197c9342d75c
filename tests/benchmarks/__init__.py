"""Speed and memory of the product, each figure beside what it compares with, measured in the same run.

The contract of a benchmark: a module `tests/benchmarks/bench_<name>.py` with a `main()`, run as
`python -m tests.benchmarks.bench_<name>`, that ends in one call of `publish(<name>, figures)` with a flat map of name
to number. `make bench` runs each in a process of its own, and all of them take less than 20 minutes on a laptop; what
takes longer stands in `tests/benchmarks/long` and runs only when it is named. Such a one may publish its figures under
the name of another, to whose they are added: the million of properties belongs to `index`.

A figure's name ends in its unit: `_ms`, `_s`, `_mb`, `_rps`; one that is compared with is named alike
(`forward_one_ms`, `forward_one_torch_ms`). What DESIGN's figures ask for stands in `measure/targets.py`.
"""
