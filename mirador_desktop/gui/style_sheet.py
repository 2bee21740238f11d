"""The style sheet of all windows, made of a theme's colours and the scale of its text."""

from mirador_desktop.gui.colours import Colours


def style_sheet(c: Colours, scale: float, fixed: str) -> str:
    """Write the style sheet. Widgets choose a style by their object name or their property `kind`."""

    def pt(points: float) -> str:
        return f"{points * scale:.2f}pt"

    def px(pixels: float) -> str:
        return f"{round(pixels * scale)}px"

    return f"""
QWidget {{ color: {c.text}; font-size: {pt(9.75)}; }}
QMainWindow, #centre, #settingsDialog {{ background: {c.background}; }}
#welcome, #welcome QScrollArea, #welcome QScrollArea > QWidget, #welcomePage {{ background: transparent; }}
#sidebar, #inspector {{ background: {c.side}; }}
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.line}; padding: 4px 6px; }}

QLabel[kind="brand"] {{ font-size: {pt(13.5)}; font-weight: 600; }}
QLabel[kind="title"], #conversationTitle {{ font-size: {pt(11.5)}; font-weight: 600; }}
QLabel[kind="section"] {{ color: {c.muted}; font-size: {pt(7.25)}; font-weight: 600; }}
QLabel[kind="muted"] {{ color: {c.muted}; }}
QLabel[kind="small"] {{ color: {c.muted}; font-size: {pt(8.5)}; }}
QLabel[kind="meta"] {{ color: {c.muted}; font-family: "{fixed}"; font-size: {pt(8)}; }}
QLabel[kind="error"] {{ color: {c.error}; }}
QLabel[kind="strong"] {{ font-weight: 600; }}
QLabel[kind="welcome"] {{ font-size: {pt(20)}; font-weight: 600; }}
#question {{ background: {c.question}; border-radius: {px(9)}; font-size: {pt(10)}; font-weight: 500;
    padding: {px(6)} {px(12)}; border: 2px solid transparent; selection-background-color: {c.focus}; }}
#question[ring="true"] {{ border-color: {c.focus}; }}

QPushButton {{ background: {c.raised}; border: 1px solid {c.line}; border-radius: {px(7)};
    padding: {px(5)} {px(12)}; font-weight: 500; }}
QPushButton:hover {{ background: {c.line}; }}
QPushButton:disabled {{ color: {c.faint}; }}
QPushButton:focus {{ border: 2px solid {c.focus}; padding: {px(4)} {px(11)}; }}
QPushButton[kind="primary"] {{ background: {c.text}; color: {c.background}; border-color: {c.text};
    font-weight: 600; padding: {px(5)} {px(16)}; }}
QPushButton[kind="primary"]:disabled {{ background: {c.raised}; color: {c.muted}; border-color: {c.line}; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {c.focus}; padding: {px(4)} {px(15)}; }}
QPushButton[kind="chip"] {{ font-family: "{fixed}"; font-size: {pt(8)}; font-weight: 400;
    padding: {px(4)} {px(9)}; border-radius: {px(6)}; color: {c.text}; }}
QPushButton[kind="chip"]:focus {{ padding: {px(3)} {px(8)}; }}
QPushButton[kind="flat"], QPushButton[kind="icon"] {{ background: transparent; border: 2px solid transparent;
    padding: {px(3)} {px(6)}; font-weight: 500; }}
QPushButton[kind="icon"] {{ padding: {px(3)}; }}
QPushButton[kind="flat"]:hover, QPushButton[kind="icon"]:hover {{ background: {c.raised}; }}
QPushButton[kind="flat"]:focus, QPushButton[kind="icon"]:focus {{ border: 2px solid {c.focus}; }}
#engineState {{ text-align: left; padding-left: {px(24)}; }}
QPushButton[kind="flat"][quiet="true"] {{ color: {c.muted}; font-weight: 400; }}
QPushButton::menu-indicator {{ image: none; width: 0; }}

QPushButton[kind="tag"] {{ background: transparent; border: 1px solid {c.line}; border-radius: {px(5)};
    padding: {px(1)} {px(6)}; font-size: {pt(8)}; font-weight: 400; color: {c.muted}; }}
QPushButton[kind="tag"]:hover {{ color: {c.text}; background: {c.raised}; }}
QPushButton[kind="tag"]:focus {{ border: 2px solid {c.focus}; padding: {px(0)} {px(5)}; }}

QLineEdit {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: {px(8)};
    padding: {px(6)} {px(8)}; selection-background-color: {c.focus}; }}
QLineEdit:focus {{ border: 2px solid {c.focus}; padding: {px(5)} {px(7)}; }}
#composer {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: {px(12)}; }}
#composer[focused="true"] {{ border: 2px solid {c.focus}; }}
#composerText {{ background: transparent; border: none; font-size: {pt(10.5)}; }}
#conversationList {{ background: transparent; border: none; outline: none; }}
QAbstractItemView[kind="choices"] {{ background: transparent; border: none; outline: none; }}
QListWidget[kind="choices"]::item {{ padding-left: {px(8)}; border-radius: {px(6)}; }}
QListWidget[kind="choices"]::item:hover {{ background: {c.raised}; }}
QListWidget[kind="choices"]::item:selected {{ background: {c.line}; color: {c.text}; }}
#turnList {{ background: {c.background}; border: none; }}
#banner {{ background: {c.raised}; border: 1px solid {c.line}; border-radius: {px(8)}; }}
#toast {{ background: {c.text}; border-radius: {px(8)}; }}
#toast QLabel {{ color: {c.background}; }}
#toast QPushButton {{ color: {c.background}; background: transparent; border: 2px solid transparent;
    font-weight: 600; }}
#toast QPushButton:focus {{ border: 2px solid {c.focus}; }}

QLabel[kind="pageTitle"] {{ font-size: {pt(15)}; font-weight: 600; }}
QLabel[kind="subtitle"] {{ color: {c.muted}; font-size: {pt(9.5)}; }}
QLabel[kind="warning"] {{ color: {c.warning}; }}
#settingsNavigation {{ background: {c.side}; }}
#settingsBody, #settingsScroll, #settingsScroll > QWidget {{ background: transparent; }}
QFrame[kind="card"] {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: {px(10)}; }}
QFrame[kind="popover"] {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: {px(8)}; }}
QFrame[kind="line"] {{ background: transparent; border: 1px solid transparent; }}
QFrame[kind="card"] QLineEdit {{ background: {c.background}; }}
QFrame[kind="card"][ring="true"] {{ border-color: {c.focus}; }}
QFrame[kind="setting"] {{ border: none; border-bottom: 1px solid {c.line}; }}
QFrame[kind="segments"] {{ background: {c.background}; border: 1px solid {c.line}; border-radius: {px(8)}; }}
QPushButton[kind="segment"] {{ background: transparent; border: 2px solid transparent; border-radius: {px(6)};
    color: {c.muted}; padding: {px(2)} {px(9)}; font-weight: 500; }}
QPushButton[kind="segment"]:checked {{ background: {c.line}; color: {c.text}; }}
QPushButton[kind="segment"]:disabled {{ color: {c.faint}; }}
QPushButton[kind="segment"]:focus {{ border-color: {c.focus}; }}
QPushButton[kind="danger"] {{ background: transparent; color: {c.error}; border: 2px solid transparent;
    padding: {px(3)} {px(6)}; }}
QPushButton[kind="danger"]:disabled {{ color: {c.faint}; }}
QPushButton[kind="danger"]:hover {{ background: {c.raised}; }}
QPushButton[kind="danger"]:focus {{ border: 2px solid {c.focus}; }}
#openSettingsFile, QPushButton[link="true"] {{ padding-left: 0; padding-right: 0; margin: 0 -2px; }}
QLineEdit[kind="fixed"] {{ font-family: "{fixed}"; font-size: {pt(8.75)}; }}
QLineEdit[kind="heading"], QLineEdit[kind="quiet"] {{ background: transparent; border: 1px solid transparent;
    padding: {px(3)} {px(5)}; margin-left: -{px(8)}; }}
QPushButton[kind="flat"][quiet="meta"] {{ color: {c.muted}; font-family: "{fixed}"; font-size: {pt(8)};
    font-weight: 400; padding-right: 0; }}
QLineEdit[kind="heading"] {{ font-weight: 600; }}
#pipelineName {{ font-size: {pt(11.5)}; }}
QLineEdit[kind="quiet"] {{ color: {c.muted}; font-size: {pt(9.5)}; }}
QLineEdit[kind="heading"]:hover, QLineEdit[kind="quiet"]:hover {{ border-color: {c.line}; }}
QLineEdit[kind="heading"]:focus, QLineEdit[kind="quiet"]:focus {{ border: 2px solid {c.focus};
    padding: {px(2)} {px(4)}; }}
QLineEdit[wrong="true"], #settingsDialog QPlainTextEdit[wrong="true"] {{ border-color: {c.error}; }}
#settingsDialog QSpinBox, #settingsDialog QDoubleSpinBox, #settingsDialog QComboBox,
#settingsDialog QPlainTextEdit, #exportPreview, #importReport {{ background: {c.surface}; border: 1px solid {c.line};
    border-radius: {px(8)}; padding: {px(5)} {px(8)}; selection-background-color: {c.focus}; }}
#settingsDialog QSpinBox:focus, #settingsDialog QDoubleSpinBox:focus, #settingsDialog QComboBox:focus,
#settingsDialog QPlainTextEdit:focus, #exportPreview:focus, #importReport:focus {{ border: 2px solid {c.focus};
    padding: {px(4)} {px(7)}; }}
#exportPage {{ background: transparent; border: 1px solid {c.line}; }}
#exportPage:focus {{ border: 2px solid {c.focus}; }}
QComboBox QAbstractItemView {{ background: {c.raised}; border: 1px solid {c.line};
    selection-background-color: {c.line}; selection-color: {c.text}; outline: none; }}
QProgressBar {{ background: {c.line}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {c.text}; border-radius: 2px; }}
QTableView {{ background: transparent; border: none; outline: none; }}
QSlider::groove:horizontal {{ height: {px(4)}; background: {c.line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {c.text}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: {px(10)}; height: {px(10)}; margin: -{px(5)} 0; border-radius: {px(7)};
    background: {c.surface}; border: 2px solid {c.text}; }}
QSlider:focus {{ border: 2px solid {c.focus}; border-radius: {px(6)}; }}

QMenu {{ background: {c.raised}; border: 1px solid {c.line}; padding: 4px; }}
QMenu::item {{ padding: {px(5)} {px(22)} {px(5)} {px(12)}; border-radius: 4px; }}
QMenu::item:selected {{ background: {c.line}; }}
QMenu::item:disabled {{ color: {c.faint}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 8px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {c.line}; border-radius: 3px; margin: 2px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {c.faint}; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {c.line}; border-radius: 3px; margin: 2px; min-width: 32px; }}
QScrollBar::handle:horizontal:hover {{ background: {c.faint}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; height: 0; width: 0; }}
"""
