// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/quantized_tensor.h"

namespace quantscope {

QuantizedTensor::QuantizedTensor(EncodedTensor encoded, const MethodRegistry& registry)
    : m_encoded(std::make_shared<const EncodedTensor>(std::move(encoded))),
      m_decoder(registry.decoder(m_encoded)) {}

}  // namespace quantscope
