// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "app/models/tensor_choice.h"
#include "core/base/random.h"
#include "model_text.h"

using namespace quantscope;

class TestTensorChoice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void patternsAreShort_data();
    void patternsAreShort();
    void patternsChooseExactlyWhatIsWanted();
    void largeModelsAreChosenFrom();
    void exactPatternsMeanOneTensor_data();
    void exactPatternsMeanOneTensor();
    void aFoldingOfOneTensorLeavesOthersAlone();
};

namespace {

const QStringList model = {
    QStringLiteral("embed 512x64"),      QStringLiteral("layers/0/q 64x64"),
    QStringLiteral("layers/0/k 32x64"),  QStringLiteral("layers/0/names 4 string"),
    QStringLiteral("layers/1/q 64x64"),  QStringLiteral("layers/1/k 32x64"),
    QStringLiteral("layers/10/q 64x64"), QStringLiteral("layers/10/embed 64x64"),
    QStringLiteral("odd/na*me 8x8"),     QStringLiteral("odd/name 8x8"),
    QStringLiteral("odd/a[0] 8x8"),      QStringLiteral("odd/a0 8x8"),
};

std::set<std::string> words(const QString& text) {
    std::set<std::string> set;
    for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        set.insert(word.toStdString());
    }
    return set;
}

std::vector<std::string> patterns(const QString& text) {
    std::vector<std::string> list;
    for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        list.push_back(word.toStdString());
    }
    return list;
}

QString joined(const std::vector<std::string>& list) {
    QStringList words;
    for (const std::string& word : list)
        words << QString::fromStdString(word);
    return words.join(QLatin1Char(' '));
}

std::set<std::string> allQuantizable(const std::vector<TensorInfo>& tensors) {
    DataSpec everything;
    return chosenTensors(tensors, everything);
}

}  // namespace

void TestTensorChoice::patternsAreShort_data() {
    QTest::addColumn<QString>("tensorsBefore");
    QTest::addColumn<QString>("excludeBefore");
    QTest::addColumn<QString>("added");
    QTest::addColumn<QString>("removed");
    QTest::addColumn<QString>("tensors");
    QTest::addColumn<QString>("exclude");

    const auto row = [](const char* name, const char* tensorsBefore, const char* excludeBefore,
                        const char* added, const char* removed, const char* tensors,
                        const char* exclude) {
        QTest::newRow(name) << QString::fromUtf8(tensorsBefore) << QString::fromUtf8(excludeBefore)
                            << QString::fromUtf8(added) << QString::fromUtf8(removed)
                            << QString::fromUtf8(tensors) << QString::fromUtf8(exclude);
    };
    row("one of all is excluded", "*", "", "", "layers/0/q", "*", "layers/0/q");
    row("and taken back", "*", "layers/0/q", "layers/0/q", "", "*", "");
    row("a group of all", "*", "", "", "layers/0/q layers/0/k", "*", "layers/0/*");
    row("first one", "", "", "layers/1/k", "", "layers/1/k", "");
    row("second makes the group", "layers/1/k", "", "layers/1/q", "", "layers/1/*", "");
    row("a user's glob stays", "*q", "", "layers/0/k", "", "*q layers/0/k", "");
    row("a user's glob loses one", "*q", "", "", "layers/10/q", "*q", "layers/10/q");
    row("none", "layers/1/k", "", "", "layers/1/k", "", "");
    row("a name at the root that others end with", "", "", "embed", "", "[e/]mbed", "");
    row("a name with special characters", "", "", "odd/na*me", "", "odd/na\\*me", "");
    row("a name that is a glob for another", "", "", "odd/a[0]", "", "odd/a\\[0]", "");
}

void TestTensorChoice::patternsAreShort() {
    QFETCH(QString, tensorsBefore);
    QFETCH(QString, excludeBefore);
    QFETCH(QString, added);
    QFETCH(QString, removed);
    const std::vector<TensorInfo> tensors = tensorsFromText(model);
    DataSpec data;
    data.tensors = patterns(tensorsBefore);
    data.exclude = patterns(excludeBefore);
    std::set<std::string> wanted = chosenTensors(tensors, data);
    wanted.merge(words(added));
    for (const std::string& name : words(removed))
        wanted.erase(name);
    const DataSpec changed = withChosenTensors(tensors, data, wanted);
    QTEST(joined(changed.tensors), "tensors");
    QTEST(joined(changed.exclude), "exclude");
    QCOMPARE(chosenTensors(tensors, changed), wanted);
}

// A thousand random clicks on random subtrees.
void TestTensorChoice::patternsChooseExactlyWhatIsWanted() {
    const std::vector<TensorInfo> tensors = tensorsFromText(model);
    const std::set<std::string> all = allQuantizable(tensors);
    QCOMPARE(all.size(), std::size_t{11});
    const std::vector<std::string> names(all.begin(), all.end());
    DataSpec data;
    Random random(7);
    for (int click = 0; click < 1000; ++click) {
        std::set<std::string> wanted = chosenTensors(tensors, data);
        const std::string& name =
            names[static_cast<std::size_t>(random.below(static_cast<Index>(names.size())))];
        const std::string group = name.substr(0, name.find('/'));
        const bool check = random.uniform() < 0.5;
        for (const std::string& other : names) {
            const bool hit = random.uniform() < 0.5 ? other == name : other.starts_with(group);
            if (!hit) continue;
            if (check) {
                wanted.insert(other);
            } else {
                wanted.erase(other);
            }
        }
        data = withChosenTensors(tensors, data, wanted);
        QCOMPARE(chosenTensors(tensors, data), wanted);
        QVERIFY(data.tensors.size() + data.exclude.size() <= wanted.size() + 1);
    }
}

// Comparing every name with every pattern would take minutes here.
void TestTensorChoice::largeModelsAreChosenFrom() {
    constexpr int layers = 2000;
    constexpr int perLayer = 10;
    std::vector<TensorInfo> tensors;
    for (const char* separator : {".", "/"}) {
        for (int layer = 0; layer < layers; ++layer) {
            for (int tensor = 0; tensor < perLayer; ++tensor) {
                TensorInfo info;
                info.name = "l" + std::to_string(layer) + separator + std::to_string(tensor);
                info.quantizable = true;
                tensors.push_back(std::move(info));
            }
        }
    }
    DataSpec data;
    data.tensors.clear();
    std::set<std::string> wanted;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (i % 3 != 0) wanted.insert(tensors[i].name);
    }
    data = withChosenTensors(tensors, data, wanted);
    QVERIFY(chosenTensors(tensors, data) == wanted);
    wanted.erase(tensors[1].name);
    data = withChosenTensors(tensors, data, wanted);
    QVERIFY(chosenTensors(tensors, data) == wanted);
    for (const TensorInfo& tensor : tensors)
        wanted.insert(tensor.name);
    QCOMPARE(joined(withChosenTensors(tensors, data, wanted).tensors), QStringLiteral("*"));
}

void TestTensorChoice::exactPatternsMeanOneTensor_data() {
    QTest::addColumn<QString>("name");
    for (const QString& line : model) {
        const QString name = line.section(QLatin1Char(' '), 0, 0);
        QTest::newRow(qPrintable(name)) << name;
    }
}

void TestTensorChoice::exactPatternsMeanOneTensor() {
    QFETCH(QString, name);
    std::vector<TensorInfo> tensors = tensorsFromText(model);
    for (TensorInfo& tensor : tensors)
        tensor.quantizable = true;
    DataSpec data;
    data.tensors = {exactPattern(tensors, name.toStdString())};
    QCOMPARE(chosenTensors(tensors, data), std::set<std::string>{name.toStdString()});
}

void TestTensorChoice::aFoldingOfOneTensorLeavesOthersAlone() {
    const std::vector<TensorInfo> tensors = tensorsFromText(model);
    const TensorInfo& q = tensors[1];
    const TensorInfo& k = tensors[2];
    DataSpec data;
    data.folds = {{"*q", FoldRule{{1}}}};
    QCOMPARE(chosenFold(q, data).rowAxes, std::vector<int>{1});
    QCOMPARE(chosenFold(k, data).rowAxes, std::vector<int>{0});
    data = withFold(tensors, data, q.name, FoldRule{{0, 1}});
    QCOMPARE(chosenFold(q, data).rowAxes, (std::vector<int>{0, 1}));
    QCOMPARE(chosenFold(tensors[4], data).rowAxes, std::vector<int>{1});
    data = withFold(tensors, data, q.name, FoldRule{{1}});
    QCOMPARE(data.folds.size(), std::size_t{1});
    data = withFold(tensors, data, k.name, k.fold);
    QCOMPARE(data.folds.size(), std::size_t{1});
}

QTEST_GUILESS_MAIN(TestTensorChoice)
#include "tst_tensor_choice.moc"
