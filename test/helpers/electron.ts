// A stand-in for the `electron` module in tests (Vitest alias): keeps what the shell registers, so that a test can
// look at it and play the system. Holds no behaviour of Electron beyond that.
import { EventEmitter } from 'node:events';

interface Registered {
  schemes: unknown[];
  protocols: Map<string, (request: Request) => Promise<Response>>;
  permissionRequest:
    | ((
        contents: unknown,
        permission: string,
        decide: (allow: boolean) => void,
        details: { requestingUrl: string },
      ) => void)
    | null;
  permissionCheck: ((contents: unknown, permission: string, origin: string) => boolean) | null;
  devicePermission: (() => boolean) | null;
  exposed: Map<string, unknown>;
  menus: unknown[];
  windows: BrowserWindow[];
}

/** What was registered since the last `resetElectron()`. */
export const registered: Registered = {
  schemes: [],
  protocols: new Map(),
  permissionRequest: null,
  permissionCheck: null,
  devicePermission: null,
  exposed: new Map(),
  menus: [],
  windows: [],
};

export function resetElectron(): void {
  Object.assign(registered, {
    schemes: [],
    protocols: new Map(),
    exposed: new Map(),
    menus: [],
    windows: [],
  });
  Object.assign(registered, { permissionRequest: null, permissionCheck: null, devicePermission: null });
  for (const emitter of [ipcMain, ipcRenderer, app]) emitter.removeAllListeners();
}

export class WebContents extends EventEmitter {
  sent: [channel: string, frame: unknown][] = [];
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  destroyed = false;
  send(channel: string, frame: unknown): void {
    this.sent.push([channel, frame]);
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
}

export class BrowserWindow extends EventEmitter {
  webContents = new WebContents();
  options: Record<string, unknown>;
  loaded = '';
  hidden = false;
  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    registered.windows.push(this);
  }
  async loadURL(url: string): Promise<void> {
    this.loaded = url;
  }
  show(): void {
    this.hidden = false;
  }
  hide(): void {
    this.hidden = true;
  }
  focus(): void {}
  restore(): void {}
  isMinimized(): boolean {
    return false;
  }
}

class App extends EventEmitter {
  isPackaged = false;
  hasLock = true;
  exitCode: number | null = null;
  quits = 0;
  requestSingleInstanceLock(): boolean {
    return this.hasLock;
  }
  async whenReady(): Promise<void> {}
  enableSandbox(): void {}
  showAboutPanel(): void {}
  quit(): void {
    this.quits += 1;
    this.emit('before-quit', { preventDefault() {} });
  }
  exit(code: number): void {
    this.exitCode = code;
    this.emit('exited', code);
  }
}

export const app = new App();
export const ipcMain = new EventEmitter();
export const ipcRenderer = Object.assign(new EventEmitter(), { sent: [] as [string, unknown][] });
Object.assign(ipcRenderer, {
  send(channel: string, frame: unknown): void {
    ipcRenderer.sent.push([channel, frame]);
  },
});
export const contextBridge = {
  exposeInMainWorld(name: string, api: unknown): void {
    registered.exposed.set(name, api);
  },
};
export const protocol = {
  registerSchemesAsPrivileged(schemes: unknown[]): void {
    registered.schemes.push(...schemes);
  },
  handle(scheme: string, handler: (request: Request) => Promise<Response>): void {
    registered.protocols.set(scheme, handler);
  },
};
export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler: Registered['permissionRequest']): void {
      registered.permissionRequest = handler;
    },
    setPermissionCheckHandler(handler: Registered['permissionCheck']): void {
      registered.permissionCheck = handler;
    },
    setDevicePermissionHandler(handler: () => boolean): void {
      registered.devicePermission = handler;
    },
  },
};
export const dialog = {
  response: 0,
  paths: [] as string[],
  asked: [] as unknown[],
  async showMessageBox(options: unknown): Promise<{ response: number }> {
    dialog.asked.push(options);
    return { response: dialog.response };
  },
  async showOpenDialog(options: unknown): Promise<{ canceled: boolean; filePaths: string[] }> {
    dialog.asked.push(options);
    return { canceled: dialog.paths.length === 0, filePaths: dialog.paths };
  },
  async showSaveDialog(options: unknown): Promise<{ canceled: boolean; filePath: string }> {
    dialog.asked.push(options);
    return { canceled: dialog.paths.length === 0, filePath: dialog.paths[0] ?? '' };
  },
  showErrorBox(title: string, content: string): void {
    dialog.asked.push({ title, content });
  },
};
export const shell = {
  shown: [] as string[],
  showItemInFolder: (path: string) => void shell.shown.push(path),
  openPath: async () => '',
};
export const Menu = {
  buildFromTemplate: (template: unknown) => template,
  setApplicationMenu: (menu: unknown) => void registered.menus.push(menu),
};
export const utilityProcess = {
  fork(): never {
    throw new Error('The tests run engines with plain Node.');
  },
};

/** A keychain whose cipher is the reversed text. */
export const safeStorage = {
  available: true,
  isEncryptionAvailable: (): boolean => safeStorage.available,
  getSelectedStorageBackend: (): string => 'gnome_libsecret',
  encryptString: (text: string): Buffer => Buffer.from([...text].reverse().join('')),
  decryptString: (sealed: Buffer): string => [...sealed.toString()].reverse().join(''),
};
