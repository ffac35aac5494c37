// The menu: the system's standard entries, and what helps when something goes wrong. Actions of the app are in its
// pages, so that browser mode has them too.
import { app, Menu, type MenuItemConstructorOptions, shell } from 'electron';

export function createMenu(options: { homeFolder: string; logFile: string }): void {
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
    {
      label: 'File',
      submenu: [
        { label: 'Show project folders', click: () => void shell.openPath(options.homeFolder) },
        { type: 'separator' },
        process.platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: 'Show log file', click: () => shell.showItemInFolder(options.logFile) },
        ...(process.platform === 'darwin'
          ? []
          : [{ label: 'About Tunesmith', click: () => app.showAboutPanel() }]),
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
