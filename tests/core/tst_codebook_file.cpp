// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <limits>

#include "core/base/error.h"
#include "core/hessian/codebook_file.h"
#include "tests/core/fake_tensor_file.h"

using namespace quantscope;

namespace {

Matrix filled(Index rows, Index cols, float first) {
    Matrix values(rows, cols);
    for (Index i = 0; i < values.view().size(); ++i)
        values.data()[i] = first + static_cast<float>(i);
    return values;
}

std::string text(const GivenCodebooks& given) {
    std::string result = given.source;
    for (const GivenCodebooks::Book& book : given.books) {
        result +=
            "|" + book.name + " " + std::to_string(book.count) + "x" + std::to_string(book.dim);
    }
    return result;
}

}  // namespace

class CodebookFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsThemByTheTensor_data() {
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<QString>("expected");
        QTest::newRow("what unpack writes, in natural order")
            << "a/weight"
            << "fake.h5:/a/weight/codebooks|stage 1 4x2|stage 2 2x2|stage 10 8x2";
        QTest::newRow("one below codebooks") << "b"
                                             << "fake.h5:/codebooks/b|b 16x3";
        QTest::newRow("a dataset of its name") << "c"
                                               << "fake.h5:/c|c 5x6";
        QTest::newRow("its own before those of all")
            << "d"
            << "fake.h5:/d/codebooks/codebook|codebook 3x3";
        QTest::newRow("those of all") << "e"
                                      << "fake.h5:/codebooks/shared|one 4x4|two 8x4";
    }
    void findsThemByTheTensor() {
        QFETCH(QString, tensor);
        QFETCH(QString, expected);
        auto file = std::make_shared<FakeTensorFile>();
        file->addNormal("a/weight/codebooks/stage 10", 8, 2, 1);
        file->addNormal("a/weight/codebooks/stage 2", 2, 2, 1);
        file->addNormal("a/weight/codebooks/stage 1", 4, 2, 1);
        file->addNormal("a/weight/codes", 9, 9, 1);
        file->addNormal("codebooks/b", 16, 3, 1);
        file->addNormal("c", 5, 6, 1);
        file->addNormal("d/codebooks/codebook", 3, 3, 1);
        file->addNormal("codebooks/d", 7, 7, 1);
        file->addNormal("codebooks/shared/two", 8, 4, 1);
        file->addNormal("codebooks/shared/one", 4, 4, 1);
        file->addText("codebooks/shared/notes");
        const CodebookFile codebooks(file);
        const auto described = codebooks.describe(tensor.toStdString());
        QVERIFY(described);
        QCOMPARE(QString::fromStdString(text(*described)), expected);
        QVERIFY(!described->hasValues());
        QCOMPARE(file->readsOf("codebooks/b") + file->readsOf("c"), 0);
    }

    // Books of some tensors are not those of others.
    void tensorsWithoutBooksGetNone() {
        auto file = std::make_shared<FakeTensorFile>();
        file->addNormal("codebooks/b", 16, 3, 1);
        QVERIFY(CodebookFile(file).describe("b"));
        QVERIFY(!CodebookFile(file).describe("e"));
    }

    void booksOfRotatedRowsAreRefused() {
        auto file = std::make_shared<FakeTensorFile>();
        file->addNormal("w/codebooks/slice 1", 16, 3, 1);
        file->addNormal("w/rotation", 6, 6, 1);
        try {
            CodebookFile(file).describe("w");
            QFAIL("no error");
        } catch (const Error& error) {
            QVERIFY(std::string(error.what()).find("rotated") != std::string::npos);
        }
    }

    void readsValues() {
        auto file = std::make_shared<FakeTensorFile>();
        const Matrix first = filled(4, 2, 1.0F);
        const Matrix second = filled(2, 2, 50.0F);
        file->addMatrix("w/codebooks/stage 2", second);
        file->addMatrix("w/codebooks/stage 1", first);
        const auto given = CodebookFile(file).codebooks("w");
        QVERIFY(given && given->hasValues());
        QCOMPARE(given->books[0].codewords, std::vector<float>(first.data(), first.data() + 8));
        QCOMPARE(given->books[1].codewords, std::vector<float>(second.data(), second.data() + 4));
        QVERIFY(!CodebookFile(file).codebooks("v"));
        QVERIFY(!CodebookFile(file).describe("w/codebooks"));
    }

    void valuesThatAreNoneAreRefused() {
        for (const float wrong :
             {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
            auto file = std::make_shared<FakeTensorFile>();
            Matrix book = filled(4, 2, 1.0F);
            book(2, 1) = wrong;
            file->addMatrix("w/codebooks/stage 1", book);
            QVERIFY(CodebookFile(file).describe("w"));
            try {
                CodebookFile(file).codebooks("w");
                QFAIL("no error");
            } catch (const Error& error) {
                const QString message = QString::fromStdString(error.fullText());
                QVERIFY2(message.contains("codeword 2 is NaN"), qPrintable(message));
                QVERIFY2(message.contains("'stage 1' of fake.h5:/w/codebooks"),
                         qPrintable(message));
            }
        }
    }
};

QTEST_APPLESS_MAIN(CodebookFileTest)
#include "tst_codebook_file.moc"
