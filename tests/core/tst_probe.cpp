// SPDX-License-Identifier: GPL-3.0-or-later
// The probe against children that crash, hang, stop short or run out of memory. Where HDF5 cannot
// be made to do so, a shell script plays the child.
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <thread>

#include "core/base/error.h"
#include "core/io/probe.h"
#include "core/io/probe_protocol.h"
#include "tests/core/hdf5_fixture.h"
#include "tests/core/test_files.h"

using namespace quantscope;

class TestProbe : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    // A child that does what the shell lines say; $orders holds what it was told.
    std::filesystem::path child(const QByteArray& lines) const {
        const QString path = m_folder.filePath(QStringLiteral("child.sh"));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write");
        file.write("#!/bin/sh\norders=$(cat)\n" + lines + "\n");
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return path.toStdString();
    }
    static QByteArray says(ProbeEvent event, const std::string& name = {}) {
        return "echo '" + QByteArray::fromStdString(formatProbeLine({event, name, 100, {}})) +
               "'\n";
    }
    // Does `dying` at its first start, and ends well once it was told to leave `name` alone.
    QByteArray diesOf(ProbeOrder order, const std::string& name, const QByteArray& dying) const {
        return "case \"$orders\" in\n*'" +
               QByteArray::fromStdString(formatProbeOrder(order, name)) + "'*) " +
               says(ProbeEvent::End) + "exit 0 ;;\nesac\n" + dying;
    }

private Q_SLOTS:
    void crashOverAHeader() {
        const auto program = child(diesOf(ProbeOrder::SkipHeader, "/a b\n'",
                                          says(ProbeEvent::Touch, "/a b\n'") + "kill -SEGV $$"));
        const ProbeReport report = probe(program, "file.h5", {});
        QCOMPARE(report.fileError, std::string());
        QCOMPARE(report.headerErrors.size(), std::size_t{1});
        const std::string reason = report.headerErrors.at("/a b\n'");
        QVERIFY2(reason.find("crashed (Segmentation fault)") != std::string::npos, reason.c_str());
        QVERIFY(report.datasetErrors.empty());
    }

    void crashOverValues() {
        const auto program = child(diesOf(
            ProbeOrder::SkipRead, "/w",
            says(ProbeEvent::Touch, "/v") + says(ProbeEvent::Good, "/v") +
                says(ProbeEvent::Touch, "/w") + says(ProbeEvent::Read, "/w") + "kill -ABRT $$"));
        const ProbeReport report = probe(program, "file.h5", {});
        QVERIFY(report.headerErrors.empty());
        QVERIFY(report.datasetErrors.at("/w").find("crashed (Aborted)") != std::string::npos);
        QCOMPARE(report.verified, std::vector<std::string>{"/v"});
    }

    void hang() {
        const auto program = child(
            diesOf(ProbeOrder::SkipHeader, "/w", says(ProbeEvent::Touch, "/w") + "exec sleep 60"));
        ProbeLimits limits;
        limits.time = std::chrono::milliseconds(300);
        QElapsedTimer timer;
        timer.start();
        const ProbeReport report = probe(program, "file.h5", limits);
        QVERIFY(timer.elapsed() < 20'000);
        const std::string reason = report.headerErrors.at("/w");
        QVERIFY2(reason.find("did not finish within 0.300 s") != std::string::npos, reason.c_str());
    }

    // A file that is of no use must not be probed for ever.
    void crashesWithoutEnd() {
        const QByteArray counter = m_folder.filePath(QStringLiteral("count")).toUtf8();
        const auto program =
            child("echo x >> " + counter + "\nn=$(wc -l < " + counter + ")\n" + "echo \"" +
                  QByteArray::fromStdString(formatProbeLine({ProbeEvent::Touch, "/", 0, {}})) +
                  "$(printf %02x $((n % 10 + 48)))$(printf %02x $((n / 10 + 48)))"
                  "\"\nkill -SEGV $$");
        const ProbeReport report = probe(program, "bad\nfile.h5", {});
        QVERIFY2(!report.fileError.empty(), "gave up nowhere");
        QVERIFY(report.fileError.find('\n') == std::string::npos);
        QFile file(QString::fromUtf8(counter));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto starts = file.readAll().count('\n');
        QVERIFY2(starts >= 2 && starts < 100, qPrintable(QString::number(starts)));
    }

    void crashBeforeAnything() {
        const ProbeReport report = probe(child("exit 3"), "file.h5", {});
        QVERIFY2(report.fileError.find("ended with code 3") != std::string::npos,
                 report.fileError.c_str());
    }

    // The loader of programs ends so; that is no fault of the file.
    void childThatDoesNotStart() {
        try {
            probe(child("exit 127"), "file.h5", {});
            QFAIL("no error");
        } catch (const Error& error) {
            const std::string text = error.fullText();
            QVERIFY2(text.find("does not start") != std::string::npos, text.c_str());
            QVERIFY2(text.find("file.h5") == std::string::npos, text.c_str());
        }
    }

    // Words that are not of the protocol are not taken for findings.
    void babble() {
        const ProbeReport report =
            probe(child("echo hello; echo; echo good zz; " + says(ProbeEvent::End)), "file.h5", {});
        QCOMPARE(report.fileError, std::string());
        QVERIFY(report.verified.empty());
    }

    void noChild() {
        QVERIFY_EXCEPTION_THROWN(probe(m_folder.filePath("nothing").toStdString(), "file.h5", {}),
                                 Error);
    }

    void stopsAtOnce() {
        const auto program = child(says(ProbeEvent::Touch, "/w") + "exec sleep 60");
        std::stop_source source;
        std::jthread stopper([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            source.request_stop();
        });
        QElapsedTimer timer;
        timer.start();
        QVERIFY_EXCEPTION_THROWN(probe(program, "file.h5", {}, {}, source.get_token()), Cancelled);
        QVERIFY(timer.elapsed() < 10'000);
    }

    // One chunk of 64 MiB, which packs into a few kB, in a child that may use half of that.
    void memoryLimit() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("the sanitizers' own memory is not limited");
#endif
        const std::filesystem::path path = m_folder.filePath("large-chunk.h5").toStdString();
        constexpr Index side = 4096;
        {
            test::Hdf5Fixture fixture(path);
            fixture.addFloats("w", {side, side}, std::vector<float>(side * side, 1.0F),
                              {{side, side}, 9, false});
            fixture.addFloats("small", {2, 2}, {1, 2, 3, 4}, {{2, 2}, 9, false});
        }
        QVERIFY(std::filesystem::file_size(path) < 1'000'000);
        ProbeLimits limits;
        limits.readBytes = std::uint64_t{1} << 30;
        const ProbeReport roomy = probe(test::prober(), path, limits);
        QCOMPARE(roomy.verified.size(), std::size_t{2});
        limits.memoryBytes = std::uint64_t{32} << 20;
        const ProbeReport tight = probe(test::prober(), path, limits);
        QCOMPARE(tight.fileError, std::string());
        QCOMPARE(tight.datasetErrors.size(), std::size_t{1});
        QCOMPARE(tight.datasetErrors.begin()->first, std::string("w"));
        QCOMPARE(tight.verified, std::vector<std::string>{"small"});
    }
};

QTEST_GUILESS_MAIN(TestProbe)
#include "tst_probe.moc"
