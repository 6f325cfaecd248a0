// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <set>

#include "core/base/text.h"
#include "core/io/dataset_reader.h"
#include "core/io/probe.h"
#include "core/io/probe_protocol.h"

namespace quantscope {

namespace {

struct Instructions {
    std::filesystem::path path;
    std::uint64_t memoryBytes = 0;
    std::uint64_t cpuSeconds = 0;
    std::uint64_t readBytes = 0;
    bool followExternalLinks = false;
    std::set<std::string> skippedHeaders;
    std::set<std::string> skippedReads;
    std::set<std::string> only;
};

bool parseArguments(const std::vector<std::string>& arguments, Instructions& instructions) {
    if (arguments.size() != 5) return false;
    instructions.path = arguments[0];
    std::array<std::int64_t, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (!parseNumber(arguments[i + 1], numbers[i]) || numbers[i] < 0) return false;
    }
    instructions.memoryBytes = static_cast<std::uint64_t>(numbers[0]);
    instructions.cpuSeconds = static_cast<std::uint64_t>(numbers[1]);
    instructions.readBytes = static_cast<std::uint64_t>(numbers[2]);
    instructions.followExternalLinks = numbers[3] != 0;
    return true;
}

void readOrders(Instructions& instructions) {
    for (std::string line; std::getline(std::cin, line);) {
        const auto order = parseProbeOrder(line);
        if (!order) continue;
        switch (order->first) {
            case ProbeOrder::SkipHeader:
                instructions.skippedHeaders.insert(order->second);
                break;
            case ProbeOrder::SkipRead:
                instructions.skippedReads.insert(order->second);
                break;
            case ProbeOrder::Only:
                instructions.only.insert(order->second);
                break;
        }
    }
}

void tell(ProbeEvent event, const std::string& name = {}, std::uint64_t number = 0,
          const std::string& text = {}) {
    const std::string line = formatProbeLine({event, name, number, text}) + "\n";
    // Straight to the file descriptor: the line must be out before a crash.
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(1);
}

void limitResource(__rlimit_resource resource, std::uint64_t most) {
    rlimit limit{};
    if (getrlimit(resource, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(most, limit.rlim_max);
    setrlimit(resource, &limit);
}

void limitMemory([[maybe_unused]] std::uint64_t bytes) {
    // The sanitizers map terabytes of address space for themselves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    limitResource(RLIMIT_DATA, bytes);
#endif
}

std::vector<const OutlineEntry*> chooseDatasets(const FileOutline& outline,
                                                const Instructions& instructions) {
    std::vector<const OutlineEntry*> chosen;
    std::uint64_t budget = instructions.readBytes;
    for (const OutlineEntry& entry : outline.entries) {
        const std::string& name = entry.info.name;
        const bool readable = entry.access.element.isNumber() && entry.access.indirect &&
                              entry.access.unreadable.empty() && entry.info.bytes > 0;
        if (!readable || instructions.skippedReads.contains(name)) continue;
        if (!instructions.only.empty()) {
            if (instructions.only.contains(name)) chosen.push_back(&entry);
        } else if (entry.info.bytes <= budget) {
            budget -= entry.info.bytes;
            chosen.push_back(&entry);
        }
    }
    return chosen;
}

/// For how many bytes time is given: what a dataset claims, but not far more than is stored for
/// it, so that no claim lifts its own limit. Compressed or unwritten values that are many times
/// what is stored are also made many times faster.
std::uint64_t timedBytes(const OutlineEntry& entry) {
    constexpr std::uint64_t atLeast = std::uint64_t{512} << 20;
    constexpr std::uint64_t perStoredByte = 16;
    return std::min(entry.info.bytes, atLeast + perStoredByte * entry.access.backingBytes);
}

void readDataset(const std::shared_ptr<const OpenedFile>& file, const OutlineEntry& entry) {
    const std::string& name = entry.info.name;
    tell(ProbeEvent::Read, name, timedBytes(entry));
    try {
        const DatasetReader reader(file, entry.access, chunkCacheBytes(entry.access, {0}));
        reader.readThrough([&] { tell(ProbeEvent::Alive, name); });
        tell(ProbeEvent::Good, name);
    } catch (const Error& error) {
        tell(ProbeEvent::Bad, name, 0, error.fullText());
    } catch (const std::bad_alloc&) {
        tell(ProbeEvent::Bad, name, 0,
             "Reading it takes more memory than the check allows; the file is probably damaged.");
    }
}

void probeFile(const Instructions& instructions) {
    const auto file =
        std::make_shared<const OpenedFile>(instructions.path, instructions.followExternalLinks);
    const FileOutline outline = outlineFile(*file, [&](const std::string& name) {
        if (instructions.skippedHeaders.contains(name)) return std::string("skipped");
        tell(ProbeEvent::Touch, name);
        return std::string();
    });
    const std::vector<const OutlineEntry*> datasets = chooseDatasets(outline, instructions);
    std::uint64_t bytes = 0;
    for (const OutlineEntry* entry : datasets)
        bytes += timedBytes(*entry);
    limitResource(RLIMIT_CPU, instructions.cpuSeconds + bytes / probeBytesPerSecond);
    for (const OutlineEntry* entry : datasets)
        readDataset(file, *entry);
}

}  // namespace

int runProbe(const std::vector<std::string>& arguments) {
    Instructions instructions;
    if (!parseArguments(arguments, instructions)) {
        std::cerr << "This subcommand is started by the program itself.\n";
        return 2;
    }
    readOrders(instructions);
    limitResource(RLIMIT_CORE, 0);
    limitResource(RLIMIT_CPU, instructions.cpuSeconds);
    limitMemory(instructions.memoryBytes);
    try {
        probeFile(instructions);
        tell(ProbeEvent::End);
    } catch (const Error& error) {
        tell(ProbeEvent::Failed, {}, 0, error.fullText());
    } catch (const std::bad_alloc&) {
        tell(ProbeEvent::Failed, {}, 0,
             "Listing the file takes more memory than the check allows; it is probably damaged.");
    }
    return 0;
}

}  // namespace quantscope
