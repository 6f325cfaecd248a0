// SPDX-License-Identifier: GPL-3.0-or-later
// Codebooks out of a file: what `unpack` wrote, and files that do not fit.
#include <QTemporaryDir>
#include <QtTest>

#include "core/io/tensor_writer.h"
#include "tests/cli/cli_process.h"

using namespace quantscope;
using test::runCliWell;

namespace {

const QString queryProj = QStringLiteral("model.layers.0.self_attn.q_proj.weight");
const QString keyProj = QStringLiteral("model.layers.0.self_attn.k_proj.weight");

QStringList quantize(const QString& tensor, const QString& method) {
    return {"quantize", test::datasetPath("stories260k.h5"), "--tensor", tensor, "--method", method,
            "--json"};
}

double nmse(const Json& trials) {
    return trials.at(0).at("nmse").get<double>();
}

}  // namespace

class TestCliCodebooks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // The codebooks of one run, given to another one as they are, give the same figures; fitted to
    // another tensor they get better.
    void unpackedCodebooksAreTakenBack() {
        const QTemporaryDir folder;
        const QString run = folder.filePath("run");
        const QString file = folder.filePath("codes.h5");
        const QString method = QStringLiteral("rvq:stage_bits=5+4,dim=8,groups=2");
        const Json first =
            runCliWell(quantize(queryProj, method) + QStringList{"--out", run}).json();
        runCliWell({"unpack", run, "--out", file});
        const QStringList given{"--codebooks", file};
        const Json again =
            runCliWell(quantize(queryProj, method + ",start=given,refit=0") + given).json();
        QCOMPARE(nmse(again), nmse(first));
        QVERIFY(again.at(0).at("rate") == first.at(0).at("rate"));
        // The file has none for the other tensor, which is said.
        const test::CliResult missing =
            test::runCli(quantize(keyProj, method + ",start=given") + given);
        QCOMPARE(missing.exitCode, 1);
        QVERIFY2(missing.outText().contains("there are none for this tensor"),
                 missing.out.constData());
        const test::CliResult misfit =
            test::runCli(quantize(queryProj, "rvq:stages=3,bits=4,dim=8,start=given") + given);
        QCOMPARE(misfit.exitCode, 1);
        QVERIFY2(misfit.outText().contains("are not what these parameters ask for"),
                 misfit.out.constData());
    }

    // Plain datasets of another program; those below `codebooks` are for every tensor.
    void plainDatasetsAreTaken() {
        const QTemporaryDir folder;
        const QString file = folder.filePath("books.h5");
        {
            TensorWriter writer(file.toStdString(), true);
            std::vector<float> book;
            for (int k = 0; k < 16; ++k) {
                book.push_back(0.05F * static_cast<float>(k - 8));
                book.push_back(k % 2 == 0 ? 0.1F : -0.1F);
            }
            writer.writeArray("codebooks/shared/book", {16, 2}, NumberType::Float32,
                              std::as_bytes(std::span(book)));
            writer.finish();
        }
        double last = 1e9;
        for (const char* iterations : {"0", "1", "20"}) {
            const QString method =
                QStringLiteral("kmeans:bits=4,dim=2,start=given,iterations=") + iterations;
            const double reached = nmse(
                runCliWell(quantize(keyProj, method) + QStringList{"--codebooks", file}).json());
            QVERIFY2(reached < last, iterations);
            last = reached;
        }
    }

    // Several of one size in one dataset, by the name of the tensor.
    void stackedCodebooksAreTaken() {
        const QTemporaryDir folder;
        const QString file = folder.filePath("stack.h5");
        {
            TensorWriter writer(file.toStdString(), true);
            std::vector<float> books(std::size_t{2 * 8 * 4});
            for (std::size_t i = 0; i < books.size(); ++i)
                books[i] = 0.02F * (static_cast<float>(i * 37 % 17) - 8.0F);
            writer.writeArray("codebooks/" + keyProj.toStdString(), {2, 8, 4}, NumberType::Float32,
                              std::as_bytes(std::span(books)));
            writer.finish();
        }
        const Json trials = runCliWell(quantize(keyProj, "rvq:stages=2,bits=3,dim=4,start=given") +
                                       QStringList{"--codebooks", file})
                                .json();
        QVERIFY(nmse(trials) < 0.5);
    }

    void errorsNameTheFile() {
        const test::CliResult none =
            test::runCli(quantize(keyProj, "scalar") + QStringList{"--codebooks", "nowhere.h5"});
        QVERIFY(none.exitCode != 0);
        QVERIFY2(none.errText().contains("nowhere.h5"), none.err.constData());
    }
};

QTEST_GUILESS_MAIN(TestCliCodebooks)
#include "tst_cli_codebooks.moc"
