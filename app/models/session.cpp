// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/session.h"

#include <QObject>

#include "core/base/portable_path.h"
#include "core/base/text_file.h"
#include "core/base/version.h"

namespace quantscope {

namespace {

QString fromJsonText(const Json& value) {
    return QString::fromStdString(value.get<std::string>());
}

std::string utf8(const QString& text) {
    return text.toStdString();
}

/// Collects what could not be read while the rest of the session is.
class Salvage {
public:
    explicit Salvage(std::vector<Message>& problems) : m_problems(problems) {}

    void report(const QString& what, const Error& error) {
        Message message = errorMessage(what, error);
        message.severity = Message::Severity::Warning;
        m_problems.push_back(std::move(message));
    }

    QString text(const Json& json, const char* key) {
        const auto found = json.find(key);
        if (found == json.end()) return {};
        if (found->is_string()) return fromJsonText(*found);
        report(QObject::tr("A part of the session was left out."),
               Error("'" + std::string(key) + "' is no text."));
        return {};
    }

    QStringList texts(const Json& json, const char* key) {
        QStringList list;
        const auto found = json.find(key);
        if (found == json.end()) return list;
        bool damaged = !found->is_array();
        for (const Json& entry : *found) {
            if (found->is_array() && entry.is_string()) {
                list << fromJsonText(entry);
            } else {
                damaged = true;
            }
        }
        if (damaged) {
            report(QObject::tr("A part of the session was left out."),
                   Error("'" + std::string(key) + "' is no list of texts."));
        }
        return list;
    }

    ExperimentSpec experiment(const Json& json);

private:
    bool reads(const Json& spec, const QString& part) {
        try {
            ExperimentSpec::fromJson(spec);
            return true;
        } catch (const Error& error) {
            report(QObject::tr("%1 of the session was left out.").arg(part), error);
            return false;
        }
    }

    std::vector<Message>& m_problems;
};

// Starts from an empty experiment and grafts part after part onto it, as long as it still reads.
ExperimentSpec Salvage::experiment(const Json& json) {
    try {
        return ExperimentSpec::fromJson(json);
    } catch (const Error& error) {
        if (!json.is_object()) {
            report(QObject::tr("The experiment of the session was left out."), error);
            return {};
        }
    }
    Json spec = ExperimentSpec().toJson();
    if (json.contains("version") && json["version"] != spec["version"]) {
        Json other = spec;
        other["version"] = json["version"];
        if (!reads(other, QObject::tr("The experiment"))) return {};
    }
    const auto graft = [&](Json& target, const std::string& key, const Json& value,
                           const QString& part) {
        const Json before = target;
        target[key] = value;
        if (!reads(spec, part)) target = before;
    };
    for (const auto& [key, value] : json.items()) {
        const QString name = QString::fromStdString(key);
        if (key == "version") continue;
        if (key == "data" && value.is_object()) {
            for (const auto& [dataKey, dataValue] : value.items()) {
                graft(spec["data"], dataKey, dataValue,
                      QObject::tr("The data setting \"%1\"").arg(QString::fromStdString(dataKey)));
            }
        } else if (key == "methods" && value.is_array()) {
            for (const Json& method : value) {
                Json methods = spec["methods"];
                methods.push_back(method);
                graft(spec, "methods", methods, QObject::tr("A method"));
            }
        } else {
            graft(spec, key, value, QObject::tr("The setting \"%1\"").arg(name));
        }
    }
    return ExperimentSpec::fromJson(spec);
}

void checkSchema(const Json& json) {
    const bool isSession = json.is_object() && json.contains("schema") &&
                           json["schema"].is_number_integer() && json.contains("experiment");
    if (!isSession) {
        throw Error("It is not a Quantscope session.",
                    json.is_object() && json.contains("methods")
                        ? "It looks like an experiment; open it as one."
                        : "Sessions are written with File > Save session.");
    }
    if (json["schema"] > Session::currentSchema || json["schema"] < 1) {
        throw Error("It has session schema " + json["schema"].dump() +
                        "; this program reads up to " + std::to_string(Session::currentSchema) +
                        ".",
                    "Open it with the version of Quantscope that wrote it, or a newer one.");
    }
}

Message missingFile(const std::filesystem::path& file) {
    Message message;
    message.severity = Message::Severity::Warning;
    message.what = QObject::tr("The data file of the session was not found.");
    message.why = QObject::tr("There is no file %1.").arg(QString::fromStdString(file.string()));
    message.remedy = QObject::tr("Locate it, or move it back; everything else is as it was.");
    return message;
}

}  // namespace

Json sessionToJson(const Session& session, const std::filesystem::path& folder) {
    ExperimentSpec spec = session.spec;
    spec.data.file = portablePath(folder, spec.data.file);
    spec.hessians = portablePath(folder, spec.hessians);
    spec.codebooks = portablePath(folder, spec.codebooks);
    Json json{{"schema", Session::currentSchema},
              {"program", std::string(programVersion())},
              {"experiment", spec.toJson()}};
    json["data_fingerprint"] = utf8(session.dataFingerprint);
    json["run_folder"] = portablePath(folder, session.runFolder).generic_string();
    Json trials = Json::array();
    for (const QString& trial : session.selectedTrials)
        trials.push_back(utf8(trial));
    json["selection"] = Json{{"trials", trials},
                             {"current_trial", utf8(session.currentTrial)},
                             {"tensor", utf8(session.currentTensor)}};
    json["perspective"] = utf8(session.perspective);
    json["window"] = session.window;
    return json;
}

LoadedSession sessionFromJson(const Json& json, const std::filesystem::path& folder) {
    checkSchema(json);
    LoadedSession loaded;
    Session& session = loaded.session;
    Salvage salvage(loaded.problems);
    session.spec = salvage.experiment(json["experiment"]);
    session.spec.data.file = resolvedPath(folder, session.spec.data.file);
    session.spec.hessians = resolvedPath(folder, session.spec.hessians);
    session.spec.codebooks = resolvedPath(folder, session.spec.codebooks);
    session.dataFingerprint = salvage.text(json, "data_fingerprint");
    session.runFolder = resolvedPath(folder, utf8(salvage.text(json, "run_folder")));
    const Json selection = json.value("selection", Json::object());
    session.selectedTrials = salvage.texts(selection, "trials");
    session.currentTrial = salvage.text(selection, "current_trial");
    session.currentTensor = salvage.text(selection, "tensor");
    session.perspective = salvage.text(json, "perspective");
    session.window = json.value("window", Json());
    std::error_code ignored;
    if (!session.spec.data.file.empty() &&
        !std::filesystem::exists(session.spec.data.file, ignored)) {
        loaded.dataFileMissing = true;
        loaded.problems.push_back(missingFile(session.spec.data.file));
    }
    return loaded;
}

void saveSession(const std::filesystem::path& path, const Session& session) {
    const Json json = sessionToJson(session, std::filesystem::absolute(path).parent_path());
    writeTextFile(path, json.dump(2) + "\n");
}

LoadedSession loadSession(const std::filesystem::path& path) {
    return sessionFromJson(readJsonFile(path), std::filesystem::absolute(path).parent_path());
}

}  // namespace quantscope
