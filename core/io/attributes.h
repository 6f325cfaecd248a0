// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/io/hdf5_gate.h"

namespace quantscope {

/// Names of the attributes of an object, sorted.
std::set<std::string> attributeNames(const Hdf5Pass& pass, hid_t object);

/// The attribute as text if it is a single text or number of at most `maximumBytes`; numbers in the
/// C locale, truth values as 0 or 1. Nothing when it is missing, longer or of another kind.
std::optional<std::string> textAttribute(const Hdf5Pass& pass, hid_t object,
                                         const std::string& name, std::size_t maximumBytes);

/// All attributes of an object that textAttribute can tell.
std::map<std::string, std::string> textAttributes(const Hdf5Pass& pass, hid_t object,
                                                  std::size_t maximumBytes);

/// Writes a UTF-8 text of fixed length; throws Error.
void writeTextAttribute(const Hdf5Pass& pass, hid_t object, const std::string& name,
                        const std::string& value);
void writeIntegerAttribute(const Hdf5Pass& pass, hid_t object, const std::string& name,
                           std::int64_t value);

}  // namespace quantscope
