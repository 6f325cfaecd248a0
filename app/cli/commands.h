// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/command.h"

namespace quantscope {

// One maker for each file <name>_command.cpp.
std::unique_ptr<Command> makeAllocateCommand();
std::unique_ptr<Command> makeApplyCommand();
std::unique_ptr<Command> makeCalibrateCommand();
std::unique_ptr<Command> makeDecodeCommand();
std::unique_ptr<Command> makeEvaluateCommand();
std::unique_ptr<Command> makeExportCommand();
std::unique_ptr<Command> makeInspectCommand();
std::unique_ptr<Command> makeJudgeCommand();
std::unique_ptr<Command> makeMethodsCommand();
std::unique_ptr<Command> makePlotCommand();
std::unique_ptr<Command> makeQuantizeCommand();
std::unique_ptr<Command> makeRequantizeCommand();
std::unique_ptr<Command> makeRunCommand();
std::unique_ptr<Command> makeUnpackCommand();

}  // namespace quantscope
