// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTest>

#include "app/models/experiment_document.h"
#include "app/models/message_model.h"
#include "app/models/trial_selection.h"

#include <QAbstractItemModelTester>

using namespace quantscope;

class TestExperimentDocument : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anEditIsAppliedOnceAndOffersBothStates();
    void undoAndRedoAreSettingTheStates();
    void signalsTellWhatChanged();
    void returningToTheSavedStateIsNoChange();
    void messagesThatSayTheSameAreCounted();
    void aMessageActionRunsAfterItWasDismissed();
    void selectionKeepsACurrentTrialAmongTheSelected();
};

namespace {

ExperimentSpec withMethod(const std::string& text) {
    ExperimentSpec spec;
    spec.methods.push_back(SweptMethod::parse(text));
    return spec;
}

Message note(const QString& what) {
    Message message;
    message.what = what;
    return message;
}

}  // namespace

void TestExperimentDocument::anEditIsAppliedOnceAndOffersBothStates() {
    ExperimentDocument document;
    SpecEdit seen;
    int edits = 0;
    connect(&document, &ExperimentDocument::edited, this, [&](const SpecEdit& edit) {
        seen = edit;
        ++edits;
    });
    const ExperimentSpec before = document.spec();
    const ExperimentSpec after = withMethod("scalar:bits=4");
    document.edit(QStringLiteral("add scalar"), after, QStringLiteral("key"));
    document.edit(QStringLiteral("nothing"), after);
    QCOMPARE(edits, 1);
    QCOMPARE(seen.name, QStringLiteral("add scalar"));
    QCOMPARE(seen.mergeKey, QStringLiteral("key"));
    QVERIFY(seen.before == before);
    QVERIFY(seen.after == after);
    QVERIFY(document.spec() == after);
}

void TestExperimentDocument::undoAndRedoAreSettingTheStates() {
    ExperimentDocument document;
    std::vector<SpecEdit> history;
    connect(&document, &ExperimentDocument::edited, this,
            [&](const SpecEdit& edit) { history.push_back(edit); });
    QSignalSpy changes(&document, &ExperimentDocument::specChanged);
    document.edit(QStringLiteral("one"), withMethod("scalar:bits=2"));
    document.edit(QStringLiteral("two"), withMethod("scalar:bits=3"));
    QCOMPARE(changes.count(), 2);
    // What the first redo of a pushed undo command does.
    document.setSpec(history.back().after);
    QCOMPARE(changes.count(), 2);
    document.setSpec(history[1].before);
    document.setSpec(history[0].before);
    QVERIFY(document.spec() == ExperimentSpec());
    document.setSpec(history[0].after);
    document.setSpec(history[1].after);
    QVERIFY(document.spec() == withMethod("scalar:bits=3"));
    QCOMPARE(history.size(), std::size_t{2});
}

void TestExperimentDocument::signalsTellWhatChanged() {
    ExperimentDocument document;
    QSignalSpy data(&document, &ExperimentDocument::dataChanged);
    QSignalSpy file(&document, &ExperimentDocument::dataFileChanged);
    QSignalSpy methods(&document, &ExperimentDocument::methodsChanged);
    ExperimentSpec spec = withMethod("scalar");
    document.setSpec(spec);
    QCOMPARE(methods.count(), 1);
    QCOMPARE(data.count(), 0);
    spec.data.tensors = {"a"};
    document.setSpec(spec);
    QCOMPARE(data.count(), 1);
    QCOMPARE(file.count(), 0);
    spec.data.file = "/data/model.h5";
    document.setSpec(spec);
    QCOMPARE(data.count(), 2);
    QCOMPARE(file.count(), 1);
    spec.hessians = "/data/hessians.h5";
    document.setSpec(spec);
    QCOMPARE(data.count(), 3);
    spec.codebooks = "/data/codebooks.h5";
    document.setSpec(spec);
    QCOMPARE(data.count(), 4);
    QCOMPARE(file.count(), 1);
    QCOMPARE(methods.count(), 1);
}

void TestExperimentDocument::returningToTheSavedStateIsNoChange() {
    ExperimentDocument document;
    QSignalSpy modified(&document, &ExperimentDocument::modifiedChanged);
    document.reset(withMethod("scalar:bits=2"));
    QVERIFY(!document.isModified());
    document.edit(QStringLiteral("change"), withMethod("scalar:bits=3"));
    QVERIFY(document.isModified());
    document.setSpec(withMethod("scalar:bits=2"));
    QVERIFY(!document.isModified());
    document.setSpec(withMethod("scalar:bits=3"));
    document.markSaved();
    QVERIFY(!document.isModified());
    QCOMPARE(modified.count(), 4);
    QCOMPARE(modified.last().first().toBool(), false);
}

void TestExperimentDocument::messagesThatSayTheSameAreCounted() {
    MessageModel model;
    QAbstractItemModelTester tester(&model);
    model.add(note(QStringLiteral("first")));
    model.add(note(QStringLiteral("second")));
    model.add(note(QStringLiteral("first")));
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0).data().toString(), QStringLiteral("first"));
    QCOMPARE(model.index(0).data(MessageModel::CountRole).toInt(), 2);
    QCOMPARE(model.index(1).data(MessageModel::CountRole).toInt(), 1);
    model.dismiss(0);
    QCOMPARE(model.index(0).data().toString(), QStringLiteral("second"));
    model.clear();
    QCOMPARE(model.rowCount(), 0);
}

void TestExperimentDocument::aMessageActionRunsAfterItWasDismissed() {
    MessageModel model;
    Message message = errorMessage(QStringLiteral("No file was opened."),
                                   Error("It is empty.", "Choose another."));
    int rowsDuringAction = -1;
    message.action = [&] { rowsDuringAction = model.rowCount(); };
    model.add(message);
    QCOMPARE(message.text(), QStringLiteral("No file was opened. It is empty. Choose another."));
    model.triggerAction(0);
    QCOMPARE(rowsDuringAction, 0);
    model.triggerAction(0);
}

void TestExperimentDocument::selectionKeepsACurrentTrialAmongTheSelected() {
    TrialSelection selection;
    QSignalSpy current(&selection, &TrialSelection::currentTrialChanged);
    QSignalSpy trials(&selection, &TrialSelection::trialsChanged);
    selection.selectTrials({QStringLiteral("a"), QStringLiteral("b")}, QStringLiteral("b"));
    QCOMPARE(selection.currentTrial(), QStringLiteral("b"));
    selection.toggleTrial(QStringLiteral("b"));
    QCOMPARE(selection.currentTrial(), QStringLiteral("a"));
    selection.toggleTrial(QStringLiteral("c"));
    QCOMPARE(selection.currentTrial(), QStringLiteral("c"));
    selection.keepOnly({QStringLiteral("a"), QStringLiteral("x")});
    QCOMPARE(selection.trials(), QSet<QString>{QStringLiteral("a")});
    QCOMPARE(selection.currentTrial(), QStringLiteral("a"));
    const auto before = trials.count();
    selection.selectTrial(QStringLiteral("a"));
    QCOMPARE(trials.count(), before);
    selection.clear();
    QVERIFY(selection.currentTrial().isEmpty());
    QCOMPARE(current.count(), 5);
}

QTEST_GUILESS_MAIN(TestExperimentDocument)
#include "tst_experiment_document.moc"
