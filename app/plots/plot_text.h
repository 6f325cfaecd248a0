// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <cstdint>
#include <string_view>

namespace quantscope {

/// "4,096": whole numbers for people, the same in every locale.
QString countText(std::uint64_t count);
/// "1 trial", "4,096 trials".
QString countText(std::uint64_t count, const QString& singular, const QString& plural);
/// Three significant digits in the C locale.
QString numberText(double value);
/// "12.3 %" of a share.
QString percentText(double share);
/// "SQNR (dB)"; the name alone without a unit.
QString axisTitle(std::string_view name, std::string_view unit);

}  // namespace quantscope
