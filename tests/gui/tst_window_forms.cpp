// SPDX-License-Identifier: GPL-3.0-or-later
// Fields of the method forms, as somebody uses them who sees them for the first time.
#include <QLineEdit>

#include "app/forms/sweep_spin_box.h"
#include "app/gui/code_picture_view.h"
#include "app/gui/methods_panel.h"
#include "app/gui/window_actions.h"
#include "core/base/text.h"
#include "window_fixture.h"

using namespace quantscope;

class TestWindowForms : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void everyNumberShows_data();
    void everyNumberShows();
    void undoingBelongsToTheFieldWhileItIsTypedInto();
    void undoingKeepsTheMethodAndTheTensor();
    void formsHavePictures_data();
    void formsHavePictures();
    void picturesFollowTheSettings();

private:
    QLineEdit* field(const QString& id) const;
    std::string methodText(std::size_t row) const {
        return m_fixture->bench->document.spec().methods[row].toText();
    }

    std::unique_ptr<WindowFixture> m_fixture;
};

void TestWindowForms::init() {
    m_fixture = std::make_unique<WindowFixture>();
    QVERIFY(QTest::qWaitForWindowActive(m_fixture->window.get()));
    QVERIFY(m_fixture->openSample(QStringLiteral("stories260k.h5")));
}

void TestWindowForms::cleanup() {
    m_fixture.reset();
}

QLineEdit* TestWindowForms::field(const QString& id) const {
    auto* box = m_fixture->visible<SweepSpinBox>(id);
    return box ? box->findChild<QLineEdit*>() : nullptr;
}

void TestWindowForms::everyNumberShows_data() {
    QTest::addColumn<QString>("method");
    for (const char* id : {"additive", "e8", "format", "gptq", "hadamard", "kquant", "mixed", "pq",
                           "rvq", "scalar", "trellis"}) {
        QTest::newRow(id) << QString::fromLatin1(id);
    }
}

void TestWindowForms::everyNumberShows() {
    QFETCH(QString, method);
    QVERIFY(m_fixture->addMethod(method));
    const Method& schema = m_fixture->bench->registry.method(method.toStdString());
    int numbers = 0;
    for (const ParameterSpec& parameter : schema.parameters()) {
        if (parameter.type != ParameterType::Integer && parameter.type != ParameterType::Real) {
            continue;
        }
        ++numbers;
        const QString id = QString::fromStdString(parameter.id);
        // Forms of nested methods may have fields of the same name.
        QList<SweepSpinBox*> boxes;
        QTRY_VERIFY2(!(boxes = m_fixture->window->findChildren<SweepSpinBox*>(id)).isEmpty(),
                     qPrintable(id));
        const QString expected =
            QString::fromStdString(formatNumber(parameter.defaultValue.get<double>()));
        QStringList texts;
        for (const SweepSpinBox* box : boxes)
            texts << box->text();
        QVERIFY2(texts.contains(expected) && !texts.contains(QString()),
                 qPrintable(id + QStringLiteral(": ") + texts.join(u'|')));
    }
    if (method == QStringLiteral("scalar")) QVERIFY(numbers > 1);
}

void TestWindowForms::undoingBelongsToTheFieldWhileItIsTypedInto() {
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("6")));
    QCOMPARE(methodText(0), std::string("scalar:bits=6"));
    QLineEdit* bits = field(QStringLiteral("bits"));
    QVERIFY(bits->hasFocus() || bits->parentWidget()->hasFocus());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(methodText(0), std::string("scalar"));
    QCOMPARE(bits->text(), QStringLiteral("4"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Z,
                    Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(methodText(0), std::string("scalar:bits=6"));
    QCOMPARE(bits->text(), QStringLiteral("6"));
    // Keys that were not yet followed by Return are the field's own.
    QTest::keyClicks(bits, QStringLiteral("..8"));
    QCOMPARE(methodText(0), std::string("scalar:bits=6..8"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(bits->text(), QStringLiteral("6"));
    QCOMPARE(methodText(0), std::string("scalar:bits=6"));
}

void TestWindowForms::undoingKeepsTheMethodAndTheTensor() {
    QVERIFY(m_fixture->addMethod(QStringLiteral("pq")));
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("6")));
    auto* panel = m_fixture->window->findChild<MethodsPanel*>();
    QVERIFY(panel);
    QCOMPARE(panel->currentMethod(), 1);
    const QString tensor = m_fixture->bench->selection.currentTensor();
    QVERIFY(!tensor.isEmpty());
    m_fixture->press(QStringLiteral("Ctrl+Z"));
    QCOMPARE(methodText(1), std::string("scalar"));
    QCOMPARE(panel->currentMethod(), 1);
    QVERIFY(m_fixture->visible<SweepSpinBox>(QStringLiteral("bits")));
    QCOMPARE(m_fixture->bench->selection.currentTensor(), tensor);
    // A removed method that comes back is the current one again.
    m_fixture->bench->methods.removeMethod(1);
    QCOMPARE(panel->currentMethod(), 0);
    m_fixture->press(QStringLiteral("Ctrl+Z"));
    QCOMPARE(m_fixture->bench->methods.rowCount(), 2);
    QCOMPARE(m_fixture->bench->selection.currentTensor(), tensor);
}

void TestWindowForms::formsHavePictures_data() {
    QTest::addColumn<QString>("method");
    QTest::addColumn<bool>("points");
    for (const char* id : {"scalar", "format", "kquant", "mixed", "trellis"})
        QTest::newRow(id) << QString::fromLatin1(id) << false;
    for (const char* id : {"kmeans", "pq", "rvq", "additive", "e8", "pvq", "hadamard"})
        QTest::newRow(id) << QString::fromLatin1(id) << true;
}

void TestWindowForms::formsHavePictures() {
    QFETCH(QString, method);
    QFETCH(bool, points);
    QVERIFY(m_fixture->addMethod(method));
    auto* picture = m_fixture->visible<CodePictureView>(QStringLiteral("codePicture"));
    QVERIFY(picture);
    QTRY_VERIFY_WITH_TIMEOUT(picture->picture().kind != CodePicture::Kind::None, 20'000);
    QCOMPARE(picture->picture().kind == CodePicture::Kind::Points, points);
    QVERIFY(!picture->accessibleDescription().isEmpty());
}

void TestWindowForms::picturesFollowTheSettings() {
    QVERIFY(m_fixture->addMethod(QStringLiteral("scalar")));
    auto* picture = m_fixture->visible<CodePictureView>(QStringLiteral("codePicture"));
    QTRY_COMPARE(picture->picture().levels.levels.size(), std::size_t{16});
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("6")));
    QTRY_COMPARE(picture->picture().levels.levels.size(), std::size_t{64});
    // Of a sweep the first setting is drawn, and the words say so.
    QVERIFY(m_fixture->typeParameter(QStringLiteral("bits"), QStringLiteral("2..5")));
    QTRY_COMPARE(picture->picture().levels.levels.size(), std::size_t{4});
    QTRY_VERIFY(picture->accessibleDescription().contains(QStringLiteral("first of 4 settings")));
}

QTEST_MAIN(TestWindowForms)
#include "tst_window_forms.moc"
