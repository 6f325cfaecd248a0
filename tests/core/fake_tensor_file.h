// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <mutex>

#include "core/io/tensor_file.h"

namespace quantscope {

/// A TensorFile in memory, for tests of what works on files.
class FakeTensorFile final : public TensorFile {
public:
    /// Adds a matrix of normal random numbers.
    void addNormal(const std::string& name, Index rows, Index cols, std::uint64_t seed);
    void addMatrix(const std::string& name, const Matrix& values);
    /// Adds an entry that cannot be quantized.
    void addText(const std::string& name);
    void addIntegers(const std::string& name, const Shape& shape, std::vector<std::int64_t> values);
    /// Marks the entry as one that serves training alone.
    void setAuxiliary(const std::string& name);
    void setGroundTruth(const SearchGroundTruth& truth) { m_truth = truth; }
    void setFingerprint(const std::string& fingerprint) { m_fingerprint = fingerprint; }
    /// Makes reading of a tensor fail with this message.
    void breakTensor(const std::string& name, const std::string& message);

    const std::filesystem::path& path() const override { return m_path; }
    std::string layout() const override { return "generic"; }
    std::span<const TensorInfo> tensors() const override { return m_infos; }
    std::unique_ptr<TensorSource> source(const std::string& name, const FoldRule& fold,
                                         const std::stop_token& stop = {}) const override;
    std::vector<double> readDoubles(const std::string& name,
                                    const std::stop_token& stop = {}) const override;
    std::vector<std::int64_t> readIntegers(const std::string& name,
                                           const std::stop_token& stop = {}) const override;
    std::vector<std::int64_t> readFirstIntegers(const std::string& name, Index columns,
                                                const std::stop_token& stop = {}) const override;
    /// How often values of a tensor were asked for.
    int readsOf(const std::string& name) const;
    std::map<std::string, std::string> rootAttributes() const override { return {}; }
    std::optional<SearchGroundTruth> groundTruth() const override { return m_truth; }
    std::string fingerprint(const std::stop_token&) const override { return m_fingerprint; }

private:
    void count(const std::string& name) const;

    std::filesystem::path m_path = "/data/fake.h5";
    std::string m_fingerprint = "00000000000000000000000000000000";
    std::vector<TensorInfo> m_infos;
    std::map<std::string, Matrix> m_matrices;
    std::map<std::string, std::vector<std::int64_t>> m_integers;
    std::map<std::string, std::string> m_broken;
    std::optional<SearchGroundTruth> m_truth;
    mutable std::mutex m_mutex;
    mutable std::map<std::string, int> m_reads;
};

}  // namespace quantscope
