// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/record_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "core/base/error.h"
#include "core/base/system_reason.h"
#include "core/base/text_file.h"

namespace quantscope {

namespace {

Error cannotWrite(const std::filesystem::path& path, int error) {
    return Error("'" + path.string() + "' cannot be written: " + systemReason(error) + ".",
                 "Free some space or correct the permissions; then resume the run.");
}

TrialRecord parseLine(std::string_view line, const std::filesystem::path& path,
                      std::size_t number) {
    const std::string remedy =
        "If the file was damaged, delete that line and resume the run; its trial is run again.";
    const std::string place = "Line " + std::to_string(number) + " of '" + path.string() + "'";
    try {
        return TrialRecord::fromJson(Json::parse(line));
    } catch (const Json::parse_error&) {
        throw Error(place + " is not a record: it is not valid JSON.", remedy);
    } catch (const Error& error) {
        throw Error(place + " is not a record: " + error.what(), remedy);
    }
}

}  // namespace

RecordFile::~RecordFile() {
    if (m_file >= 0) close(m_file);
}

std::vector<TrialRecord> RecordFile::read() const {
    std::vector<TrialRecord> records;
    if (!std::filesystem::exists(m_path)) return records;
    const std::string text = readTextFile(m_path);
    std::string_view rest = text;
    std::size_t number = 0;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        records.push_back(parseLine(rest.substr(0, end), m_path, ++number));
        rest.remove_prefix(end + 1);
    }
    return records;
}

void RecordFile::lock() {
    if (isLocked()) return;
    const int file = open(m_path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) throw cannotWrite(m_path, errno);
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        close(file);
        if (error != EWOULDBLOCK) throw cannotWrite(m_path, error);
        throw Error("The run in '" + m_path.parent_path().string() + "' is being written already.",
                    "Wait until that ends, or choose another folder.");
    }
    m_file = file;
    cutTornEnd();
}

void RecordFile::cutTornEnd() {
    const std::string text = readTextFile(m_path);
    const std::size_t lastEnd = text.rfind('\n');
    const std::size_t whole = lastEnd == std::string::npos ? 0 : lastEnd + 1;
    if (whole < text.size() && ftruncate(m_file, static_cast<off_t>(whole)) != 0) {
        throw cannotWrite(m_path, errno);
    }
}

void RecordFile::append(const TrialRecord& record) {
    const std::string line =
        record.toJson().dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    const off_t before = lseek(m_file, 0, SEEK_END);
    const ssize_t written = write(m_file, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return;
    const int error = written < 0 ? errno : ENOSPC;
    // If even this fails, the torn end is cut off when the run is resumed.
    if (before >= 0) static_cast<void>(!ftruncate(m_file, before));
    throw cannotWrite(m_path, error);
}

}  // namespace quantscope
