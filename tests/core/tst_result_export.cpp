// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/store/result_export.h"

using namespace quantscope;

namespace {

TrialRecord record() {
    TrialRecord record;
    record.trialId = "abc";
    record.tensor = "odd, \"name\"";
    record.methodText = "pq:m=2";
    record.method = {"pq", {{"m", 2}, {"bits", 8}, {"shared", false}}};
    record.shape = {4, 8};
    record.rows = 4;
    record.cols = 8;
    record.seed = 7;
    record.rate[RatePart::Codes] = 64;
    record.rate[RatePart::Codebooks] = 32;
    record.metrics.nmse = 0.125;
    return record;
}

// A reader of RFC 4180, independent of the writer.
QList<QStringList> readCsv(const std::string& text) {
    QList<QStringList> rows(1);
    QString field;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c != '"') {
                field += QLatin1Char(c);
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                field += QLatin1Char(text[++i]);
            } else {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',' || c == '\n') {
            rows.last() << field;
            field.clear();
            if (c == '\n') rows << QStringList();
        } else if (c != '\r') {
            field += QLatin1Char(c);
        }
    }
    rows.removeLast();
    return rows;
}

}  // namespace

class ResultExportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void csvReadsBack() {
        TrialRecord failed = record();
        failed.error = "NaN at row 3";
        const std::vector<TrialRecord> records = {record(), failed};
        const QList<QStringList> rows = readCsv(recordsToCsv(records));
        QCOMPARE(rows.size(), 3);
        const QStringList& header = rows[0];
        const auto field = [&](int row, const char* name) {
            const auto column = header.indexOf(QLatin1String(name));
            return column < 0 ? QStringLiteral("no column") : rows[row][column];
        };
        for (const QStringList& row : rows)
            QCOMPARE(row.size(), header.size());
        QCOMPARE(field(1, "tensor"), QStringLiteral("odd, \"name\""));
        QCOMPARE(field(1, "bits_per_weight"), QStringLiteral("3"));
        QCOMPARE(field(1, "codes_bits_per_weight"), QStringLiteral("2"));
        QCOMPARE(field(1, "codebooks_bits_per_weight"), QStringLiteral("1"));
        QCOMPARE(field(1, "nmse"), QStringLiteral("0.125"));
        QCOMPARE(field(1, "hessian_error"), QString());
        QCOMPARE(field(2, "bits_per_weight"), QString());
        QCOMPARE(field(2, "error"), QStringLiteral("NaN at row 3"));
    }

    void faissTellsWhatItCannotSay() {
        TrialRecord mixed = record();
        mixed.method = {"mixed", {{"bits", 3}}};
        const std::vector<TrialRecord> records = {record(), mixed};
        const Json list = recordsToFaiss(records);
        QCOMPARE(list.size(), std::size_t{2});
        QCOMPARE(list[0].value("factory", ""), std::string("PQ2x8"));
        QVERIFY(!list[1].contains("factory"));
        QVERIFY(list[1].value("reason", "").find("mixed") != std::string::npos);
    }

    void faissSaysNormalizationAndLeavesFailuresOut() {
        TrialRecord normalized = record();
        normalized.normalized = true;
        TrialRecord failed = record();
        failed.error = "NaN at row 3";
        TrialRecord foreign = record();
        foreign.method = {"pq", {{"bits", 8}}};
        const std::vector<TrialRecord> records = {normalized, failed, foreign};
        const Json list = recordsToFaiss(records);
        QCOMPARE(list[0].value("factory", ""), std::string("L2norm,PQ2x8"));
        QVERIFY(list[1].value("reason", "").find("NaN at row 3") != std::string::npos);
        QVERIFY(!list[1].contains("factory"));
        QVERIFY(list[2].contains("reason"));
    }
};

QTEST_APPLESS_MAIN(ResultExportTest)
#include "tst_result_export.moc"
