// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/base/content_hash.h"

using namespace quantscope;

class TestContentHash : public QObject {
    Q_OBJECT

private slots:
    void agreesWithTheReference_data();
    void agreesWithTheReference();
    void doesNotDependOnThePieces();
};

void TestContentHash::agreesWithTheReference_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("expected");
    // From a C program that calls XXH3_128bits of Debian's libxxhash 0.8.1 on the whole text.
    QTest::newRow("empty") << QByteArray() << "99aa06d3014798d86001c324468d497f";
    QTest::newRow("short") << QByteArray("abc") << "06b05ab6733a618578af5f94892f3950";
    QTest::newRow("long") << QByteArray(1000, 'x') << "50a1af5a5f2dcf01c0a4877b962cba82";
}

void TestContentHash::agreesWithTheReference() {
    QFETCH(QByteArray, text);
    QFETCH(QString, expected);
    QCOMPARE(QString::fromStdString(contentHash(text.toStdString())), expected);
}

void TestContentHash::doesNotDependOnThePieces() {
    const std::string text(5000, 'q');
    ContentHash hash;
    hash.add(std::string_view(text).substr(0, 1));
    hash.add(std::string_view(text).substr(1, 3000));
    hash.add(std::string_view(text).substr(3001));
    QCOMPARE(hash.hexDigits(), contentHash(text));
    hash.add("!");
    QVERIFY(hash.hexDigits() != contentHash(text));
}

QTEST_APPLESS_MAIN(TestContentHash)
#include "tst_content_hash.moc"
