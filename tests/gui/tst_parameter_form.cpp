// SPDX-License-Identifier: GPL-3.0-or-later
// A form by itself: what its fields show, and what keys in them do.
#include <QCheckBox>
#include <QLineEdit>
#include <QSlider>
#include <QTest>

#include "app/forms/parameter_form.h"
#include "app/forms/sweep_combo_box.h"
#include "app/forms/sweep_spin_box.h"
#include "tests/models/toy_method.h"

using namespace quantscope;

namespace {

SweptMethod withValue(const SweptMethod& method, const MethodRegistry& registry, const QString& id,
                      const Json& value) {
    for (const ParameterSpec& spec : registry.method(method.method.id).parameters()) {
        if (spec.id == id.toStdString()) return withParameter(method, spec, value);
    }
    return method;
}

}  // namespace

class TestParameterForm : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { m_form.reset(); }
    void everyKindShowsItsDefault();
    void everyKindShowsItsSweep();
    void upAndDownStepFromWhatShows();
    void theSliderStandsAtTheValue();
    void anEmptiedFieldGoesBackToItsDefault_data();
    void anEmptiedFieldGoesBackToItsDefault();
    void aMethodCanBeTyped();
    void aListCanBeTyped();

private:
    QLineEdit* number(const QString& id) const {
        return m_form->findChild<SweepSpinBox*>(id)->findChild<QLineEdit*>();
    }
    SweepComboBox* choice(const QString& id) const { return m_form->findChild<SweepComboBox*>(id); }
    /// Gives the keyboard to a field of a form in an active window.
    void focus(QWidget* field) const {
        field->setFocus();
        QTRY_VERIFY(QApplication::focusWidget() != nullptr);
    }

    MethodRegistry m_registry = toyRegistry();
    std::unique_ptr<ParameterForm> m_form;
    SweptMethod m_method;
};

void TestParameterForm::init() {
    m_method = SweptMethod::parse("toy");
    m_form = std::make_unique<ParameterForm>(m_registry, nullptr);
    // As the window does: the document takes the change, and the form shows it.
    connect(m_form.get(), &ParameterForm::edited, this,
            [this](const QString& id, const Json& value) {
                m_method = withValue(m_method, m_registry, id, value);
                m_form->setMethod(m_method);
            });
    m_form->setMethod(m_method);
    m_form->setVisible(true);
    m_form->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_form.get()));
}

void TestParameterForm::everyKindShowsItsDefault() {
    QCOMPARE(number("bits")->text(), QStringLiteral("4"));
    QCOMPARE(number("scale")->text(), QStringLiteral("1"));
    QCOMPARE(number("group")->text(), QStringLiteral("64"));  // Also while it does not count.
    QCOMPARE(choice("mode")->currentText(), QStringLiteral("Plain"));
    QCOMPARE(choice("base")->currentText(), QStringLiteral("The inner method"));
    QVERIFY(m_form->findChild<QCheckBox*>("signed")->isChecked());
}

void TestParameterForm::everyKindShowsItsSweep() {
    m_method = SweptMethod::parse(
        "toy:bits=2..8,scale=[0.5,1],signed=[false,true],mode=[plain,grouped],"
        "base=[(inner:bits=1),inner]");
    m_form->setMethod(m_method);
    QCOMPARE(number("scale")->text(), QStringLiteral("[0.5,1]"));
    QCOMPARE(choice("mode")->currentText(), QStringLiteral("All 2, as a sweep"));
    QCOMPARE(choice("base")->currentText(), QStringLiteral("[(inner:bits=1),inner]"));
    QCOMPARE(m_form->findChild<QCheckBox*>("signed")->checkState(), Qt::PartiallyChecked);
    QCOMPARE(number("bits")->text(), QStringLiteral("2..8"));
    // Back to one value: the fields follow.
    m_form->setMethod(SweptMethod::parse("toy"));
    QCOMPARE(number("bits")->text(), QStringLiteral("4"));
    QCOMPARE(choice("base")->currentText(), QStringLiteral("The inner method"));
}

void TestParameterForm::upAndDownStepFromWhatShows() {
    QLineEdit* bits = number("bits");
    focus(bits);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Up);
    QCOMPARE(bits->text(), QStringLiteral("5"));
    QCOMPARE(m_method.toText(), std::string("toy:bits=5"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Down);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Down);
    QCOMPARE(bits->text(), QStringLiteral("3"));
    // Who chose another value and comes back to the default sees it in the label as well.
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Up);
    QCOMPARE(m_method.toText(), std::string("toy:bits=4"));
}

void TestParameterForm::theSliderStandsAtTheValue() {
    auto* slider = m_form->findChild<SweepSpinBox*>("bits")->parentWidget()->findChild<QSlider*>();
    QVERIFY(slider);
    QCOMPARE(slider->value(), 3);  // 1, 2, 3, 4.
    slider->setValue(6);
    QCOMPARE(number("bits")->text(), QStringLiteral("7"));
    QCOMPARE(m_method.toText(), std::string("toy:bits=7"));
}

void TestParameterForm::anEmptiedFieldGoesBackToItsDefault_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("shown");
    QTest::newRow("number") << "bits"
                            << "6"
                            << "4";
    QTest::newRow("choice") << "mode"
                            << "grouped"
                            << "Plain";
    QTest::newRow("method") << "base"
                            << "toy"
                            << "The inner method";
}

void TestParameterForm::anEmptiedFieldGoesBackToItsDefault() {
    QFETCH(QString, id);
    QFETCH(QString, typed);
    QFETCH(QString, shown);
    auto* field = m_form->findChild<QWidget*>(id)->findChild<QLineEdit*>();
    QVERIFY(field);
    focus(field);
    field->selectAll();
    QTest::keyClicks(field, typed);
    QTest::keyClick(field, Qt::Key_Return);
    field->selectAll();
    QTest::keyClick(field, Qt::Key_Delete);
    QVERIFY(field->text().isEmpty());  // Nothing is put before what is going to be typed.
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(field->text(), shown);
    QVERIFY(!m_form->hasProblems());
}

void TestParameterForm::aMethodCanBeTyped() {
    QLineEdit* base = choice("base")->lineEdit();
    focus(base);
    base->selectAll();
    QTest::keyClicks(base, QStringLiteral("inner:bits=3"));
    QCOMPARE(base->text(), QStringLiteral("inner:bits=3"));
    QCOMPARE(m_method.toText(), std::string("toy:base=(inner:bits=3)"));
    QTest::keyClick(base, Qt::Key_Return);
    QCOMPARE(base->text(), QStringLiteral("The inner method"));
}

void TestParameterForm::aListCanBeTyped() {
    auto* list = m_form->findChild<QLineEdit*>("list");
    QVERIFY(list && list->text().isEmpty());
    focus(list);
    QTest::keyClicks(list, QStringLiteral("8+6"));
    QCOMPARE(list->text(), QStringLiteral("8+6"));
    QCOMPARE(m_method.toText(), std::string("toy:list=8+6"));
    // Several lists are a sweep.
    QTest::keyClicks(list, QStringLiteral(", 4"));
    QCOMPARE(m_method.toText(), std::string("toy:list=[8+6,4]"));
    QTest::keyClick(list, Qt::Key_Return);
    QVERIFY(!m_form->hasProblems());
    // What is not allowed is said when the field is left, and the method stays.
    list->selectAll();
    QTest::keyClicks(list, QStringLiteral("8+60"));
    QTest::keyClick(list, Qt::Key_Return);
    QVERIFY(m_form->hasProblems());
    // Another value from outside shows; an emptied field is the empty list.
    m_form->setMethod(SweptMethod::parse("toy:list=5+4+3"));
    QCOMPARE(list->text(), QStringLiteral("5+4+3"));
    QVERIFY(!m_form->hasProblems());
    list->selectAll();
    QTest::keyClick(list, Qt::Key_Delete);
    QCOMPARE(m_method.toText(), std::string("toy:list=\"\""));
    QVERIFY(!m_form->hasProblems());
}

QTEST_MAIN(TestParameterForm)
#include "tst_parameter_form.moc"
