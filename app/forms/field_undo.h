// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QEvent;
class QLineEdit;

namespace quantscope {

/// Whether a field has nothing of its own to undo or redo, so that the key belongs to the window,
/// which undoes the last change of the experiment. (A line edit claims both keys always.) Ask it
/// for every event of the widget around the field; where the answer is yes, the event is dealt
/// with.
bool leavesToWindow(QEvent& event, const QLineEdit& field);

}  // namespace quantscope
