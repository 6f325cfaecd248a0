// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "app/models/experiment_document.h"
#include "app/models/tensor_filter_model.h"
#include "app/models/tensor_tree_model.h"
#include "core/tensor/statistics.h"
#include "model_text.h"

using namespace quantscope;

class TestTensorTreeModel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void showsPathsAsATree();
    void groupsFlatNamesByLayer();
    void checkingEditsTheSpecInOneStep();
    void checkMarksFollowTheSpec();
    void whatCannotBeQuantizedCannotBeChecked();
    void statisticsAreAskedForOnce();
    void histogramsAreShares();
    void filterKeepsGroupsOfMatches_data();
    void filterKeepsGroupsOfMatches();
    void sortsBySizeAsANumber();

private:
    std::unique_ptr<ExperimentDocument> m_document;
    std::unique_ptr<TensorTreeModel> m_model;
    std::unique_ptr<QAbstractItemModelTester> m_tester;
};

namespace {

const QStringList file = {
    QStringLiteral("embed 512x64"),          QStringLiteral("layers/0/attn/q 64x64 float16"),
    QStringLiteral("layers/0/attn/k 32x64"), QStringLiteral("layers/0/norm 64"),
    QStringLiteral("layers/1/attn/q 64x64"), QStringLiteral("notes 3 string"),
};

}  // namespace

void TestTensorTreeModel::init() {
    m_document = std::make_unique<ExperimentDocument>();
    m_model = std::make_unique<TensorTreeModel>(m_document.get());
    m_tester = std::make_unique<QAbstractItemModelTester>(m_model.get());
    m_model->setTensors(tensorsFromText(file));
}

void TestTensorTreeModel::cleanup() {
    m_tester.reset();
    m_model.reset();
    m_document.reset();
}

void TestTensorTreeModel::showsPathsAsATree() {
    const QStringList expected = {
        QStringLiteral("[x] embed | 512×64 | float32 | 131 kB | rows = output channels"),
        QStringLiteral("[x] layers |  |  | 33.0 kB | "),
        QStringLiteral("  [x] 0 |  |  | 16.6 kB | "),
        QStringLiteral("    [x] attn |  |  | 16.4 kB | "),
        QStringLiteral("      [x] q | 64×64 | float16 | 8.19 kB | rows = output channels"),
        QStringLiteral("      [x] k | 32×64 | float32 | 8.19 kB | rows = output channels"),
        QStringLiteral("    [x] norm | 64 | float32 | 256 B | rows = output channels"),
        QStringLiteral("  [x] 1/attn |  |  | 16.4 kB | "),
        QStringLiteral("    [x] q | 64×64 | float32 | 16.4 kB | rows = output channels"),
        QStringLiteral("notes | 3 | string | 12 B | It holds text."),
    };
    QCOMPARE(textOf(*m_model, {0, 1, 2, 3, 4}).join('\n'), expected.join('\n'));
    QCOMPARE(m_model->quantizableCount(), 5);
    QCOMPARE(m_model->chosenCount(), 5);
    const QModelIndex q = m_model->indexOf(QStringLiteral("layers/0/attn/q"));
    QCOMPARE(m_model->tensor(q)->dtype, std::string("float16"));
    QCOMPARE(q.parent().data().toString(), QStringLiteral("attn"));
    QVERIFY(m_model->tensor(q.parent()) == nullptr);
    QVERIFY(!m_model->indexOf(QStringLiteral("layers/0")).isValid());
}

void TestTensorTreeModel::groupsFlatNamesByLayer() {
    m_model->setTensors(tensorsFromText({QStringLiteral("model.embed.weight 512x64"),
                                         QStringLiteral("model.layers.0.mlp.up.weight 172x64"),
                                         QStringLiteral("model.layers.10.mlp.up.weight 172x64")}));
    QCOMPARE(textOf(*m_model, {0}).join('\n'),
             QStringLiteral("[x] model.embed.weight\n"
                            "[x] model.layers.0\n  [x] mlp.up.weight\n"
                            "[x] model.layers.10\n  [x] mlp.up.weight"));
    QCOMPARE(m_model->indexOf(QStringLiteral("model.layers.10.mlp.up.weight")).parent().row(), 2);
}

void TestTensorTreeModel::checkingEditsTheSpecInOneStep() {
    QSignalSpy edits(m_document.get(), &ExperimentDocument::edited);
    QSignalSpy chosen(m_model.get(), &TensorTreeModel::chosenChanged);
    const QModelIndex attention = m_model->indexOf(QStringLiteral("layers/0/attn/q")).parent();
    QVERIFY(m_model->setData(attention, Qt::Unchecked, Qt::CheckStateRole));
    QCOMPARE(edits.count(), 1);
    QCOMPARE(chosen.count(), 1);
    QCOMPARE(m_document->spec().data.exclude, std::vector<std::string>{"layers/0/attn/*"});
    QCOMPARE(textOf(*m_model, {0}).join('\n'),
             QStringLiteral("[x] embed\n[-] layers\n  [-] 0\n    [ ] attn\n      [ ] q\n"
                            "      [ ] k\n    [x] norm\n  [x] 1/attn\n    [x] q\n"
                            "notes"));
    QVERIFY(m_model->setData(attention, Qt::Checked, Qt::CheckStateRole));
    QVERIFY(m_document->spec().data == DataSpec());
}

void TestTensorTreeModel::checkMarksFollowTheSpec() {
    QSignalSpy changes(m_model.get(), &QAbstractItemModel::dataChanged);
    ExperimentSpec spec;
    spec.data.tensors = {"*q"};
    m_document->setSpec(spec);
    QCOMPARE(m_model->chosen(), (std::set<std::string>{"layers/0/attn/q", "layers/1/attn/q"}));
    QVERIFY(changes.count() > 0);
    const QModelIndex k = m_model->indexOf(QStringLiteral("layers/0/attn/k"));
    QCOMPARE(k.data(Qt::CheckStateRole).value<Qt::CheckState>(), Qt::Unchecked);
    QCOMPARE(k.parent().data(Qt::CheckStateRole).value<Qt::CheckState>(), Qt::PartiallyChecked);
}

void TestTensorTreeModel::whatCannotBeQuantizedCannotBeChecked() {
    const QModelIndex notes = m_model->indexOf(QStringLiteral("notes"));
    QVERIFY(!(m_model->flags(notes) & Qt::ItemIsUserCheckable));
    QVERIFY(!notes.data(Qt::CheckStateRole).isValid());
    QVERIFY(!m_model->setData(notes, Qt::Checked, Qt::CheckStateRole));
    QVERIFY(!notes.data(TensorTreeModel::QuantizableRole).toBool());
    QSignalSpy asked(m_model.get(), &TensorTreeModel::statisticsNeeded);
    QVERIFY(!notes.data(TensorTreeModel::HistogramRole).isValid());
    QCOMPARE(asked.count(), 0);
}

void TestTensorTreeModel::statisticsAreAskedForOnce() {
    QSignalSpy asked(m_model.get(), &TensorTreeModel::statisticsNeeded);
    const QString name = QStringLiteral("embed");
    const QModelIndex index = m_model->indexOf(name);
    QVERIFY(!index.data(TensorTreeModel::HistogramRole).isValid());
    QVERIFY(!index.data(TensorTreeModel::StatisticsRole).value<StatisticsPointer>());
    QCOMPARE(asked.count(), 1);
    QCOMPARE(asked.first().first().toString(), name);
    QVERIFY(!m_model->indexOf(QStringLiteral("layers/0/norm"))
                 .parent()
                 .data(TensorTreeModel::HistogramRole)
                 .isValid());
    QCOMPARE(asked.count(), 1);
    m_model->setStatisticsError(name, QStringLiteral("It is damaged."));
    QCOMPARE(index.data(TensorTreeModel::StatisticsErrorRole).toString(),
             QStringLiteral("It is damaged."));
    m_model->setTensors(tensorsFromText(file));
    QVERIFY(index.data(TensorTreeModel::StatisticsErrorRole).toString().isEmpty());
    m_model->indexOf(name).data(TensorTreeModel::HistogramRole);
    QCOMPARE(asked.count(), 2);
}

void TestTensorTreeModel::histogramsAreShares() {
    Matrix values(2, 64);
    for (Index i = 0; i < 128; ++i)
        values.data()[i] = static_cast<float>(i % 16);
    const ViewSource source(values.view());
    const auto statistics = std::make_shared<const TensorStatistics>(computeStatistics(source, {}));
    QSignalSpy changes(m_model.get(), &QAbstractItemModel::dataChanged);
    m_model->setStatistics(QStringLiteral("embed"), statistics);
    QCOMPARE(changes.count(), 1);
    const QModelIndex index = m_model->indexOf(QStringLiteral("embed"));
    const auto shares = index.data(TensorTreeModel::HistogramRole).value<QList<double>>();
    // Four standard deviations (4.61 each) reach beyond the extremes 0 and 15, which are whole
    // numbers and so have a bin each.
    QCOMPARE(shares, QList<double>(16, 1.0 / 16.0));
    QVERIFY(index.data(Qt::ToolTipRole).toString().contains(QStringLiteral("max 15")));
    QCOMPARE(m_model->statistics(QStringLiteral("embed")), statistics);
}

void TestTensorTreeModel::filterKeepsGroupsOfMatches_data() {
    QTest::addColumn<QString>("filter");
    QTest::addColumn<bool>("quantizableOnly");
    QTest::addColumn<QString>("shown");
    QTest::newRow("none") << QString() << true
                          << QStringLiteral("embed layers 0 attn q k norm 1/attn q");
    QTest::newRow("word") << QStringLiteral("ATTN 1") << false << QStringLiteral("layers 1/attn q");
    QTest::newRow("glob") << QStringLiteral("*/k") << false << QStringLiteral("layers 0 attn k");
    QTest::newRow("not quantizable") << QStringLiteral("not") << false << QStringLiteral("notes");
    QTest::newRow("nothing") << QStringLiteral("zebra") << false << QString();
}

void TestTensorTreeModel::filterKeepsGroupsOfMatches() {
    QFETCH(QString, filter);
    QFETCH(bool, quantizableOnly);
    TensorFilterModel proxy;
    QAbstractItemModelTester tester(&proxy);
    proxy.setSourceModel(m_model.get());
    proxy.setFilterText(filter);
    proxy.setQuantizableOnly(quantizableOnly);
    QStringList shown;
    for (const QString& line : textOf(proxy, {0}))
        shown << line.trimmed().section(QLatin1Char(' '), -1);
    QTEST(shown.join(QLatin1Char(' ')), "shown");
}

void TestTensorTreeModel::sortsBySizeAsANumber() {
    TensorFilterModel proxy;
    proxy.setSourceModel(m_model.get());
    proxy.sort(TensorTreeModel::Size, Qt::AscendingOrder);
    QCOMPARE(proxy.index(0, 0).data().toString(), QStringLiteral("notes"));
    QCOMPARE(proxy.index(2, 0).data().toString(), QStringLiteral("embed"));
}

QTEST_GUILESS_MAIN(TestTensorTreeModel)
#include "tst_tensor_tree_model.moc"
