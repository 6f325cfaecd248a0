// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error.h"
#include "core/tensor/fold_rule.h"

using namespace quantscope;

class FoldRuleTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void shapes_data() {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<std::vector<Index>>("shape");
        QTest::addColumn<qlonglong>("rows");
        QTest::addColumn<qlonglong>("cols");
        QTest::addColumn<bool>("fileOrder");
        QTest::newRow("linear") << "rows=0" << Shape{64, 172} << 64LL << 172LL << true;
        QTest::newRow("keras dense") << "rows=1" << Shape{172, 64} << 64LL << 172LL << false;
        QTest::newRow("keras conv") << "rows=3" << Shape{3, 3, 8, 16} << 16LL << 72LL << false;
        QTest::newRow("tokens") << "rows=0,1" << Shape{4, 128, 64} << 512LL << 64LL << true;
        QTest::newRow("swapped rows") << "rows=1,0" << Shape{4, 128, 64} << 512LL << 64LL << false;
        QTest::newRow("vector as row") << "rows=" << Shape{64} << 1LL << 64LL << true;
        QTest::newRow("length one moves nothing")
            << "rows=1" << Shape{1, 64} << 64LL << 1LL << true;
        QTest::newRow("empty") << "rows=0" << Shape{0, 5} << 0LL << 5LL << true;
    }
    void shapes() {
        QFETCH(QString, rule);
        QFETCH(std::vector<Index>, shape);
        QFETCH(qlonglong, rows);
        QFETCH(qlonglong, cols);
        QFETCH(bool, fileOrder);
        const FoldRule parsed = FoldRule::parse(rule.toStdString());
        QCOMPARE(QString::fromStdString(parsed.toText()), rule);
        parsed.check(shape);
        QCOMPARE(parsed.rows(shape), Index{rows});
        QCOMPARE(parsed.cols(shape), Index{cols});
        QCOMPARE(parsed.keepsFileOrder(shape), fileOrder);
    }

    void nonsenseIsRefused_data() {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"", "0", "rows", "rows=x", "rows=-1", "rows=0,,1", "rows=0;1", "cols=0"}) {
            QTest::newRow(qPrintable(QStringLiteral("'%1'").arg(text))) << text;
        }
    }
    void nonsenseIsRefused() {
        QFETCH(QString, text);
        QVERIFY_THROWS_EXCEPTION(Error, FoldRule::parse(text.toStdString()));
    }

    void axesMustExistOnce() {
        QVERIFY_THROWS_EXCEPTION(Error, FoldRule{{2}}.check({3, 4}));
        QVERIFY_THROWS_EXCEPTION(Error, (FoldRule{{0, 0}}.check({3, 4})));
    }
};

QTEST_APPLESS_MAIN(FoldRuleTest)
#include "tst_fold_rule.moc"
