// The page of the fake build: `?state=full|empty|loading|error`. The renderer is the real one.
import '@mantine/core/styles.css';
import '@mantine/dropzone/styles.css';
import '../../../renderer/components/styles/tokens.css';
import '../../../renderer/components/styles/base.css';
import { createRoot } from 'react-dom/client';
import { App } from '../../../renderer/app.tsx';
import { install } from '../../../renderer/client/client.ts';
import { createFake } from '../../../renderer/client/fake.ts';
import { startStores } from '../../../renderer/state/start.ts';
import { type FakeState, worldHandlers } from './world.ts';

const state = (new URLSearchParams(window.location.search).get('state') ?? 'full') as FakeState;
const fake = createFake(worldHandlers(state));
Object.assign(window, { fake });
startStores();
install(fake.transport);
createRoot(document.getElementById('root') as HTMLElement).render(<App />);
