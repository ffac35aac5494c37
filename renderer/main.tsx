// Starts the window: transport, stores, then the shell.
import '@mantine/core/styles.css';
import '@mantine/dropzone/styles.css';
import './components/styles/tokens.css';
import './components/styles/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { install } from './client/client.ts';
import { connect } from './client/connect.ts';
import { startStores } from './state/start.ts';

startStores();
install(connect());
createRoot(document.getElementById('root') as HTMLElement).render(<App />);
