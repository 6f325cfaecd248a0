#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files of this folder with h5py, and EXPECTED.csv with numpy: what other programs leave
behind, made small. Run it in this folder; the same versions give the same values."""
import csv
import h5py
import numpy as np

random = np.random.default_rng(20240501)
expected = []


def expect(file, name, values, quantizable=True):
    """One line of EXPECTED.csv: what a reader must find, as values become float32."""
    values = np.asarray(values)
    line = {"file": file, "name": name, "shape": "x".join(map(str, values.shape)),
            "quantizable": "yes" if quantizable else "no"}
    if quantizable:
        single = values.astype(np.float32).astype(np.float64)
        finite = single[np.isfinite(single)]
        # Where nothing is finite there is nothing to describe.
        described = {"min": finite.min, "max": finite.max, "mean": finite.mean, "std": finite.std}
        line |= {key: repr(float(of())) if finite.size else "" for key, of in described.items()}
        line |= {"zeros": int((single == 0).sum()),
                 "nan": int(np.isnan(single).sum()), "inf": int(np.isinf(single).sum())}
    expected.append(line)


def put(file, handle, name, values, quantizable=True, **options):
    handle.create_dataset(name, data=values, **options)
    expect(file, name, values, quantizable)


def gaussian(*shape, dtype=np.float32):
    return (0.1 * random.standard_normal(shape)).astype(dtype)


def keras3(file="keras3.weights.h5"):
    """A functional model as `model.save_weights` of Keras 3 lays it out, with optimizer state."""
    with h5py.File(file, "w", libver="latest") as h:
        put(file, h, "layers/conv2d/vars/0", gaussian(3, 3, 4, 8))
        put(file, h, "layers/conv2d/vars/1", gaussian(8))
        put(file, h, "layers/dense/vars/0", gaussian(32, 10))
        put(file, h, "layers/dense/vars/1", np.zeros(10, np.float32))
        h.create_group("layers/flatten/vars")
        put(file, h, "optimizer/vars/0", np.int64(3), False)
        put(file, h, "optimizer/vars/1", gaussian(32, 10))


def ann(file, train, test, distance):
    """The ann-benchmarks layout; neighbours by brute force in numpy."""
    a, b = train.astype(np.float64), test.astype(np.float64)
    if distance == "angular":
        a /= np.linalg.norm(a, axis=1, keepdims=True)
        b /= np.linalg.norm(b, axis=1, keepdims=True)
    square = ((b[:, None, :] - a[None, :, :]) ** 2).sum(axis=2)
    order = np.argsort(square, axis=1, kind="stable")[:, :10]
    distances = np.sqrt(np.take_along_axis(square, order, axis=1))
    with h5py.File(file, "w") as h:
        h.attrs["distance"] = distance
        h.attrs["dimension"] = train.shape[1]
        put(file, h, "train", train)
        put(file, h, "test", test)
        put(file, h, "neighbors", order.astype(np.int32), False)
        put(file, h, "distances", distances.astype(np.float32), False)


def clusters(rows, dimension, low, high, dtype):
    centres = random.uniform(low, high, (8, dimension))
    points = centres[random.integers(0, 8, rows)] + random.normal(0, 6, (rows, dimension))
    return np.clip(np.rint(points), low, high).astype(dtype)


def matlab(file="matlab-weights.mat"):
    """What `save -v7.3` writes: a user block, and dimensions that HDF5 shows in reverse."""
    w = gaussian(6, 40, dtype=np.float64)  # W is 40 x 6 in MATLAB.
    with h5py.File(file, "w", userblock_size=512) as h:
        for name, values, kind in (("W", w, "double"), ("b", gaussian(1, 6), "single")):
            put(file, h, name, values)
            h[name].attrs["MATLAB_class"] = np.bytes_(kind)
        put(file, h, "label", np.frombuffer("layer".encode("utf-16-le"), np.uint16).reshape(5, 1),
            False)
        h["label"].attrs["MATLAB_class"] = np.bytes_("char")
        h["label"].attrs["MATLAB_int_decode"] = np.int32(2)
    with open(file, "r+b") as raw:
        text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Wed May  1 12:00:00 2024"
        raw.write(text.ljust(124) + b"\x00\x02IM")


def anndata(file="cells.h5ad"):
    """A dense layer, a sparse X, an embedding."""
    with h5py.File(file, "w") as h:
        h.attrs["encoding-type"] = "anndata"
        h.attrs["encoding-version"] = "0.1.0"
        x = h.create_group("X")
        x.attrs["encoding-type"] = "csr_matrix"
        x.attrs["encoding-version"] = "0.1.0"
        x.attrs["shape"] = np.array([20, 30])
        dense = random.poisson(0.3, (20, 30)).astype(np.float32)
        put(file, h, "X/data", dense[dense != 0], False)
        put(file, h, "X/indices", np.nonzero(dense)[1].astype(np.int32), False)
        put(file, h, "X/indptr",
            np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))]).astype(np.int32),
            False)
        put(file, h, "layers/scaled", gaussian(20, 30))
        put(file, h, "obsm/X_pca", gaussian(20, 5, dtype=np.float64))
        h["layers/scaled"].attrs["encoding-type"] = "array"
        names = np.array(["cell%d" % i for i in range(20)], dtype=object)
        put(file, h, "obs/_index", names, False, dtype=h5py.string_dtype())


def pytorch(file="torch-state.h5"):
    """A state dict, flat, in half precision, with counters and a scalar."""
    with h5py.File(file, "w") as h:
        put(file, h, "encoder.layers.0.self_attn.in_proj_weight", gaussian(24, 8, dtype=np.float16))
        put(file, h, "encoder.layers.0.linear1.weight", gaussian(16, 8, dtype=np.float16))
        put(file, h, "encoder.layers.0.linear1.bias", gaussian(16, dtype=np.float16))
        put(file, h, "bn.num_batches_tracked", np.int64(7), False)
        put(file, h, "conv.weight", gaussian(6, 3, 3, 3, dtype=np.float16))


def bfloat16(values):
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def shapes(file="odd-shapes.h5"):
    with h5py.File(file, "w") as h:
        put(file, h, "one row", gaussian(1, 64))
        put(file, h, "one column", gaussian(64, 1))
        put(file, h, "one value", gaussian(1, 1), False)
        put(file, h, "one dimension", gaussian(50))
        put(file, h, "five dimensions", gaussian(2, 3, 4, 5, 6))
        put(file, h, "no rows", np.zeros((0, 16), np.float32), False)
        put(file, h, "no columns", np.zeros((16, 0), np.float32), False)
        put(file, h, "zeros", np.zeros((8, 16), np.float32))
        put(file, h, "constant", np.full((8, 16), -2.5, np.float32))
        nan = gaussian(8, 16)
        nan[3, 5] = np.nan
        put(file, h, "with NaN", nan)
        infinite = gaussian(8, 16)
        infinite[0, 0], infinite[7, 15] = np.inf, -np.inf
        put(file, h, "with infinities", infinite)
        put(file, h, "tiny", 1e-30 * gaussian(8, 16))
        put(file, h, "subnormal", 1e-40 * gaussian(8, 16, dtype=np.float64))
        put(file, h, "huge", 1e300 * gaussian(8, 16, dtype=np.float64))
        put(file, h, "one outlier", np.where(np.arange(128).reshape(8, 16) == 77, 1000.0,
                                             gaussian(8, 16)).astype(np.float32))


def types(file="odd-types.h5"):
    with h5py.File(file, "w") as h:
        values = gaussian(12, 20, dtype=np.float64)
        put(file, h, "float64", values)
        put(file, h, "float64-big-endian", values.astype(">f8"))
        put(file, h, "float16", values.astype(np.float16))
        put(file, h, "compressed", values.astype(np.float32), chunks=(5, 7), compression="gzip",
            shuffle=True, fletcher32=True)
        whole = np.rint(1000 * values)
        for kind in ("i1", "u1", "<i2", ">i2", "<u2", ">i4", "<u4", "<i8", "<u8"):
            put(file, h, kind.replace("<", "little-").replace(">", "big-"),
                (whole % 100).astype(kind))
        brain = bfloat16(values)
        exact = (brain.astype(np.uint32) << 16).view(np.float32)
        opaque = h5py.h5t.create(h5py.h5t.OPAQUE, 2)
        opaque.set_tag(b"bfloat16")
        space = h5py.h5s.create_simple(brain.shape)
        dataset = h5py.h5d.create(h.id, b"bfloat16-opaque", opaque, space)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, brain.view("V2"), opaque)
        expect(file, "bfloat16-opaque", exact)
        h.create_dataset("bfloat16-words", data=brain).attrs["dtype"] = "bfloat16"
        expect(file, "bfloat16-words", exact)
        put(file, h, "text", np.array([b"a", b"bc"]), False)
        put(file, h, "records", np.zeros(3, np.dtype([("x", "f4"), ("y", "i4")])), False)
        put(file, h, "complex", np.zeros((2, 2), np.complex64), False)
        put(file, h, "flags", np.array([[True, False], [False, True]]), False)


def names(file="odd-names.h5"):
    with h5py.File(file, "w") as h:
        for name in ("with space", "Gewichte/größe", "重み/層 1", "it's", 'say "so"', "a,b;c", "tab\there",
                     "line\nbreak", "star*", "what?", "[abc]", "back\\slash", "-dash", "--tensor",
                     "$HOME", "`id`", "100%", "trailing ", ".hidden", "x=rows=1", "a/b/c/d/e/w",
                     "#hash", "new~", "!bang", "{brace}", "emoji 🙂"):
            put(file, h, name, gaussian(6, 8))


keras3()
ann("sift-like-16-euclidean.hdf5", clusters(400, 16, 0, 255, np.uint8),
    clusters(20, 16, 0, 255, np.uint8), "euclidean")
ann("integers-12-angular.hdf5", clusters(300, 12, -100, 100, np.int32),
    clusters(20, 12, -100, 100, np.int32), "angular")
matlab()
anndata()
pytorch()
shapes()
types()
names()
with open("EXPECTED.csv", "w", newline="", encoding="utf-8") as out:
    writer = csv.DictWriter(out, ["file", "name", "shape", "quantizable", "min", "max", "mean", "std",
                                  "zeros", "nan", "inf"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(expected)
