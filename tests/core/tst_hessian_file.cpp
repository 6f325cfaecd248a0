// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <cmath>
#include <tuple>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/hessian/activation_hessian.h"
#include "core/hessian/hessian_file.h"
#include "tests/core/fake_tensor_file.h"

using namespace quantscope;

namespace {

const std::string datasets = QUANTSCOPE_DATASETS_DIR;
const std::string downProj = "model.layers.2.mlp.down_proj.weight";

std::shared_ptr<const HessianFile> specialValues() {
    return HessianFile::open(
        std::string(QUANTSCOPE_TEST_DATA_DIR) + "/h5files/gen-special-values.h5", {});
}

}  // namespace

class HessianFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theModelsHessian() {
        // Trace and size as stated with the data; 36 layers have an entry.
        const auto file = HessianFile::open(datasets + "/stories260k-calibration.h5", {});
        const auto hessian = file->hessian(downProj, 172);
        QVERIFY(hessian);
        QCOMPARE(hessian->size, Index{172});
        double trace = 0.0;
        for (const double value : hessian->diagonal)
            trace += value;
        QVERIFY(std::abs(trace - 27.909476) < 1e-6);
        int layers = 0;
        for (const HessianFile::Entry& entry : file->entries()) {
            if (!entry.tensor.ends_with(".weight")) continue;
            ++layers;
            QCOMPARE(entry.kind, HessianFile::Kind::Full);
            QVERIFY2(entry.name.starts_with("hessian/"), "the Hessian wins over the activations");
        }
        QCOMPARE(layers, 36);
        QVERIFY(!file->hessian("no.such.weight", 64));
        QVERIFY(!file->contains("no.such.weight"));
    }

    void anotherNumberOfInputChannelsIsRefused() {
        const auto file = HessianFile::open(datasets + "/stories260k-calibration.h5", {});
        try {
            file->hessian(downProj, 64);
            QFAIL("a Hessian of another size was accepted");
        } catch (const Error& error) {
            const std::string text = error.fullText();
            QVERIFY2(text.find("172") != std::string::npos, text.c_str());
            QVERIFY2(text.find("64") != std::string::npos, text.c_str());
            QVERIFY2(text.find(downProj) != std::string::npos, text.c_str());
        }
    }

    void damagedEntries_data() {
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<QString>("word");
        QTest::newRow("asymmetric") << "hessian_asymmetric"
                                    << "symmetric";
        QTest::newRow("negative diagonal") << "hessian_not_positive"
                                           << "negative";
    }
    void damagedEntries() {
        QFETCH(QString, tensor);
        QFETCH(QString, word);
        try {
            specialValues()->hessian(tensor.toStdString(), 64);
            QFAIL("a damaged Hessian was accepted");
        } catch (const Error& error) {
            QVERIFY2(QString::fromStdString(error.fullText()).contains(word), error.what());
        }
    }

    void indefiniteMatricesAreRefused() {
        // Symmetric with a positive diagonal, but x H x^T < 0 for x = (1, -1, 0).
        Matrix values(3, 3);
        for (const auto& [i, j, value] : std::initializer_list<std::tuple<Index, Index, float>>{
                 {0, 0, 1.0F}, {1, 1, 1.0F}, {2, 2, 1.0F}, {0, 1, 2.0F}, {1, 0, 2.0F}}) {
            values(i, j) = value;
        }
        auto file = std::make_shared<FakeTensorFile>();
        file->addMatrix("hessian/w", values);
        try {
            HessianFile(file).hessian("w", 3);
            QFAIL("an indefinite Hessian was accepted");
        } catch (const Error& error) {
            QVERIFY2(error.fullText().find("(1, 0)") != std::string::npos, error.what());
        }
    }

    void descriptionsNeedNoValues() {
        auto file = std::make_shared<FakeTensorFile>();
        file->addNormal("hessian/full", 5, 5, 1);
        file->addNormal("activations/inputs", 9, 4, 1);
        const HessianFile hessians(file);
        const auto full = hessians.describe("full", 5);
        QVERIFY(full && full->isFull() && !full->hasValues());
        QCOMPARE(full->size, Index{5});
        QVERIFY(hessians.describe("inputs", 4)->isFull());
        QVERIFY(!hessians.describe("none", 4));
        QVERIFY_THROWS_EXCEPTION(Error, hessians.describe("full", 6));
        QCOMPARE(file->readsOf("hessian/full") + file->readsOf("activations/inputs"), 0);
    }

    void readingCanBeStopped() {
        std::stop_source stop;
        stop.request_stop();
        const auto file = HessianFile::open(datasets + "/stories260k-calibration.h5", {});
        QVERIFY_THROWS_EXCEPTION(Cancelled, file->hessian(downProj, 172, stop.get_token()));
    }

    void usableEntries_data() {
        QTest::addColumn<QString>("tensor");
        QTest::newRow("rank deficient") << "hessian_rank_deficient";
        QTest::newRow("zero") << "hessian_zero";
    }
    void usableEntries() {
        QFETCH(QString, tensor);
        QVERIFY(specialValues()->hessian(tensor.toStdString(), 64));
    }

    void activationsGiveTheirSecondMoments() {
        Matrix inputs(5000, 70);
        Random random(5);
        for (Index i = 0; i < inputs.rows(); ++i) {
            for (Index j = 0; j < inputs.cols(); ++j) {
                inputs(i, j) = static_cast<float>(random.normal() * (1.0 + 0.1 * double(j)));
            }
        }
        const ViewSource source(inputs.view());
        std::vector<double> one;
        for (const int threads : {1, 2, 8}) {
            Arena arena(threads);
            std::vector<double> hessian;
            arena.execute([&] { hessian = hessianOfActivations(source, {}); });
            if (one.empty()) one = hessian;
            QVERIFY(hessian == one);
        }
        for (Index a = 0; a < 70; a += 23) {
            for (Index b = 0; b < 70; ++b) {
                double sum = 0.0;
                for (Index i = 0; i < inputs.rows(); ++i) {
                    sum += double(inputs(i, a)) * double(inputs(i, b));
                }
                QVERIFY(std::abs(one[std::size_t(a * 70 + b)] - sum / 5000) < 1e-9);
                QCOMPARE(one[std::size_t(a * 70 + b)], one[std::size_t(b * 70 + a)]);
            }
        }
        const Matrix none(0, 4);
        QVERIFY_THROWS_EXCEPTION(Error, hessianOfActivations(ViewSource(none.view()), {}));
    }
};

QTEST_APPLESS_MAIN(HessianFileTest)
#include "tst_hessian_file.moc"
