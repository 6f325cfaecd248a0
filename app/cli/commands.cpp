// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"

namespace quantscope {

std::vector<std::unique_ptr<Command>> allCommands() {
    std::vector<std::unique_ptr<Command>> commands;
    commands.push_back(makeInspectCommand());
    commands.push_back(makeMethodsCommand());
    commands.push_back(makeQuantizeCommand());
    commands.push_back(makeRunCommand());
    commands.push_back(makePlotCommand());
    commands.push_back(makeExportCommand());
    commands.push_back(makeDecodeCommand());
    commands.push_back(makeUnpackCommand());
    commands.push_back(makeCalibrateCommand());
    commands.push_back(makeEvaluateCommand());
    commands.push_back(makeAllocateCommand());
    commands.push_back(makeJudgeCommand());
    commands.push_back(makeApplyCommand());
    commands.push_back(makeRequantizeCommand());
    return commands;
}

std::string exampleFooter(const std::string& example) {
    return "Example:\n  " + example;
}

}  // namespace quantscope
