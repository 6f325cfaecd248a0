// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/matrix_view.h"
#include "core/quant/packed_codes.h"
#include "core/quant/parameter.h"

namespace quantscope::pq {

std::vector<ParameterSpec> pqParameters();

/// What is done to rows before they are cut into slices.
enum class Rotation {
    None,
    Principal,  ///< Principal axes, dealt to the slices.
    Trained,    ///< The same, then trained with the codebooks.
};

/// The parameters of the method as plain values.
struct PqSettings {
    Index slices = 8;         ///< m.
    int bits = 8;             ///< Per code; on average, where they follow the variance.
    bool shared = false;      ///< One codebook for all slices.
    bool byVariance = false;  ///< Slices have codes of different widths.
    bool seeded = true;       ///< Codebooks start from k-means++, else from given ones.
    Rotation rotation = Rotation::None;
    Index dims = 0;        ///< That a rotation keeps; 0 for all.
    int rounds = 20;       ///< Of training a rotation.
    int iterations = 25;   ///< Of k-means.
    Index train = 131072;  ///< Rows to train on at most; 0 for all.
    bool half = true;      ///< Codewords and rotation are binary16, else binary32.

    static PqSettings from(const ParameterValues& values);

    /// Most bits of a slice that was trained on `rows` rows, where they follow the variance: so few
    /// that k-means has enough rows, but at least `bits`.
    int mostSliceBits(Index rows) const;
    bool isRotated() const { return rotation != Rotation::None; }
    /// Columns that are cut into slices, of rows with `cols`.
    Index slicedColumns(Index cols) const { return isRotated() && dims > 0 ? dims : cols; }
    Index codebooks() const { return shared ? 1 : slices; }
    Index trainedRows(Index rows) const { return train > 0 ? std::min(train, rows) : rows; }
};

/// The slices of a row, from the left. They have equal lengths, or, where m does not divide the
/// columns, the first ones are longer by one.
struct SliceLayout {
    Index cols = 0;
    Index slices = 1;

    Index begin(Index slice) const {
        return slice * (cols / slices) + std::min(slice, cols % slices);
    }
    Index width(Index slice) const { return begin(slice + 1) - begin(slice); }
    bool isEven() const { return cols % slices == 0; }
};

/// Names of sections and codebooks.
inline constexpr const char* codesSection = "codes";
inline constexpr const char* rotationSection = "rotation";
/// In the header: Codebook::varianceShare and unrotatedShare of each slice.
inline constexpr const char* varianceSharesKey = "variance_shares";
inline constexpr const char* unrotatedSharesKey = "unrotated_shares";
/// One byte for each slice, where they have codes of different widths.
inline constexpr const char* sliceBitsSection = "slice bits";
inline std::string codebookName(const PqSettings& settings, Index book) {
    return settings.shared ? "all slices" : "slice " + std::to_string(book + 1);
}
inline std::string codebookSection(const PqSettings& settings, Index book) {
    return "codebook/" + codebookName(settings, book);
}
/// The same for people: "slice 3, 5 bits" where the widths differ.
inline std::string codebookTitle(const PqSettings& settings, Index book, int bits) {
    std::string name = codebookName(settings, book);
    if (!settings.byVariance) return name;
    return name + ", " + std::to_string(bits) + (bits == 1 ? " bit" : " bits");
}
/// Widths of the codes of a row, from those of the codebooks.
inline CodeWidths codeWidths(const PqSettings& settings, const std::vector<int>& bookBits) {
    return settings.shared ? CodeWidths(settings.slices, bookBits.front()) : CodeWidths(bookBits);
}

}  // namespace quantscope::pq
