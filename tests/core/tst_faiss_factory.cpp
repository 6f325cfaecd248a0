// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error.h"
#include "core/quant/faiss_factory.h"

using namespace quantscope;

namespace {

MethodSpec scalar(int bits, const char* scheme, const char* granularity,
                  const char* levels = "uniform", const char* clip = "none") {
    return {"scalar",
            {{"bits", bits},
             {"scheme", scheme},
             {"granularity", granularity},
             {"levels", levels},
             {"clip", clip}}};
}

MethodSpec pq(int slices, int bits, bool shared = false, const char* rotation = "none",
              int dims = 0) {
    return {"pq",
            {{"m", slices},
             {"bits", bits},
             {"shared", shared},
             {"rotation", rotation},
             {"dims", dims}}};
}

MethodSpec rvq(int stages, int bits, int dim) {
    return {"rvq", {{"stages", stages}, {"bits", bits}, {"dim", dim}}};
}

}  // namespace

class FaissFactoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void written_data() {
        QTest::addColumn<MethodSpec>("method");
        QTest::addColumn<qlonglong>("dim");
        QTest::addColumn<QString>("factory");
        QTest::newRow("pq") << pq(10, 8) << 50LL << "PQ10x8";
        QTest::newRow("pq of 4 bits") << pq(16, 4) << 64LL << "PQ16x4";
        QTest::newRow("trained rotation") << pq(16, 8, false, "opq") << 64LL << "OPQ16,PQ16x8";
        QTest::newRow("trained rotation that keeps less")
            << pq(16, 8, false, "opq", 64) << 100LL << "OPQ16_64,PQ16x8";
        QTest::newRow("rvq of whole vectors") << rvq(4, 8, 0) << 64LL << "RQ4x8";
        QTest::newRow("rvq whose pieces are the vectors") << rvq(8, 6, 64) << 64LL << "RQ8x6";
        QTest::newRow("stages of other widths")
            << MethodSpec{"rvq", {{"stage_bits", "10+8+8+6"}, {"dim", 0}}} << 64LL
            << "RQ1x10_2x8_1x6";
        QTest::newRow("groups")
            << MethodSpec{"rvq", {{"stages", 3}, {"bits", 6}, {"groups", 2}, {"dim", 0}}} << 64LL
            << "PRQ2x3x6";
        QTest::newRow("additive") << MethodSpec{"additive", {{"m", 4}, {"bits", 8}, {"dim", 0}}}
                                  << 64LL << "LSQ4x8";
        QTest::newRow("scalar") << scalar(8, "asym", "column") << 50LL << "SQ8";
        QTest::newRow("scalar 4") << scalar(4, "asym", "column") << 50LL << "SQ4";
    }
    void written() {
        QFETCH(MethodSpec, method);
        QFETCH(qlonglong, dim);
        QFETCH(QString, factory);
        QCOMPARE(QString::fromStdString(faissFactoryString(method, dim)), factory);
        const MethodSpec read = methodFromFaissFactory(factory.toStdString());
        QCOMPARE(QString::fromStdString(read.id), QString::fromStdString(method.id));
        for (const auto& [name, value] : read.parameters.items()) {
            if (name == "dim") continue;
            QVERIFY2(method.parameters.at(name) == value, name.c_str());
        }
    }

    void refused_data() {
        QTest::addColumn<MethodSpec>("method");
        QTest::addColumn<QString>("word");
        QTest::newRow("shared codebook") << pq(8, 8, true) << "codebook of its own";
        QTest::newRow("uneven slices") << pq(7, 8) << "equal slices";
        QTest::newRow("uneven kept slices") << pq(8, 8, false, "opq", 20) << "20 dimensions";
        QTest::newRow("principal axes alone") << pq(8, 8, false, "pca") << "principal axes";
        QTest::newRow("short pieces") << rvq(4, 8, 8) << "dim=0";
        QTest::newRow("short additive pieces")
            << MethodSpec{"additive", {{"m", 4}, {"bits", 8}, {"dim", 8}}} << "dim=0";
        QTest::newRow("per row") << scalar(8, "asym", "row") << "granularity=column";
        QTest::newRow("symmetric") << scalar(8, "sym", "column") << "scheme=asym";
        QTest::newRow("trained levels") << scalar(8, "asym", "column", "lloyd") << "equal steps";
        QTest::newRow("clipped") << scalar(8, "asym", "column", "uniform", "mse") << "clipped";
        QTest::newRow("5 bits") << scalar(5, "asym", "column") << "4, 6 and 8";
        QTest::newRow("groups of other widths")
            << MethodSpec{"rvq", {{"stage_bits", "8+4"}, {"groups", 2}, {"dim", 0}}}
            << "equal widths";
        QTest::newRow("slices of other widths")
            << MethodSpec{"pq",
                          {{"m", 4}, {"bits", 8}, {"shared", false}, {"allocation", "variance"}}}
            << "one width";
        QTest::newRow("mixed") << MethodSpec{"mixed", {{"bits", 3}}} << "equivalent";
    }
    void refused() {
        QFETCH(MethodSpec, method);
        QFETCH(QString, word);
        try {
            const std::string factory = faissFactoryString(method, 64);
            QFAIL(factory.c_str());
        } catch (const Error& error) {
            QVERIFY2(QString::fromStdString(error.fullText()).contains(word), error.what());
        }
    }

    void read_data() {
        QTest::addColumn<QString>("factory");
        QTest::addColumn<QString>("method");
        QTest::newRow("default bits") << "PQ10"
                                      << "pq:m=10,bits=8";
        QTest::newRow("residual") << "RQ4x6"
                                  << "rvq:stages=4,bits=6,dim=0";
        QTest::newRow("without polysemous order") << "PQ16x4np"
                                                  << "pq:m=16,bits=4";
        QTest::newRow("additive") << "LSQ8"
                                  << "additive:m=8,bits=8,dim=0";
        QTest::newRow("scalar") << "SQ6"
                                << "scalar:bits=6,scheme=asym,granularity=column";
    }
    void read() {
        QFETCH(QString, factory);
        QFETCH(QString, method);
        const MethodSpec spec = methodFromFaissFactory(factory.toStdString());
        QCOMPARE(QString::fromStdString(spec.toText()), method);
    }

    void nonsenseIsRefused_data() {
        QTest::addColumn<QString>("factory");
        for (const char* text : {"",
                                 "P",
                                 "PQ",
                                 "PQ0x8",
                                 "PQ8x",
                                 "PQ8x8,Flat",
                                 "IVF1024,PQ8",
                                 "SQ5",
                                 "SQ",
                                 "SQ8x8",
                                 "OPQ8",
                                 "OPQ8,",
                                 "OPQ8,RQ8x8",
                                 "OPQ8,PQ4x8",
                                 "OPQ8_,PQ8x8",
                                 "OPQ8_0,PQ8x8",
                                 "LS",
                                 "LSQ",
                                 "RQ4x8 ",
                                 "RQ4x8_",
                                 "RQ1x10_2",
                                 "PRQ2",
                                 "PRQ2x0x8",
                                 "pq8x8",
                                 "PQ99999999999999999999"}) {
            QTest::newRow(qPrintable(QStringLiteral("'%1'").arg(text))) << text;
        }
    }
    // Real strings of Faiss: the reason says more than that they are unknown.
    void othersAreRefusedInWords_data() {
        QTest::addColumn<QString>("factory");
        QTest::addColumn<QString>("word");
        QTest::newRow("inverted lists") << "IVF1024,PQ8"
                                        << "index over the vectors";
        QTest::newRow("two levels") << "Residual128,PQ8"
                                    << "rvq";
        QTest::newRow("dropped dimensions") << "PCA64,PQ16x8"
                                            << "rotation=pca";
        QTest::newRow("random rotation") << "RR64,SQ8"
                                         << "hadamard";
        QTest::newRow("unit length") << "L2norm,PQ16x8"
                                     << "normalize";
        QTest::newRow("rotation of other slices") << "OPQ8,PQ4x8"
                                                  << "8 slices and used with 4";
        QTest::newRow("rotation of stages") << "OPQ8,RQ8x8"
                                            << "(PQ) alone";
        QTest::newRow("norms") << "RQ4x8_Nqint8"
                               << "norms";
        QTest::newRow("fast scan") << "PQ16x4fs"
                                   << "layout";
        QTest::newRow("refined") << "PQ16+4"
                                 << "leave";
        QTest::newRow("index behind") << "PQ8x8,Flat"
                                      << "index over it";
        QTest::newRow("additive widths") << "LSQ2x8_1x6"
                                         << "equal sizes";
        QTest::newRow("additive groups") << "PLSQ2x4x8"
                                         << "no groups";
        QTest::newRow("too many stages") << "RQ60x8_9x4"
                                         << "64 stages";
    }
    void othersAreRefusedInWords() {
        QFETCH(QString, factory);
        QFETCH(QString, word);
        try {
            const MethodSpec spec = methodFromFaissFactory(factory.toStdString());
            QFAIL(spec.toText().c_str());
        } catch (const Error& error) {
            const QString text = QString::fromStdString(error.fullText());
            QVERIFY2(text.contains(word), qPrintable(text));
            QVERIFY2(text.contains("no exact equivalent"), qPrintable(text));
        }
    }

    void nonsenseIsRefused() {
        QFETCH(QString, factory);
        QVERIFY_THROWS_EXCEPTION(Error, methodFromFaissFactory(factory.toStdString()));
    }
};

QTEST_APPLESS_MAIN(FaissFactoryTest)
#include "tst_faiss_factory.moc"
