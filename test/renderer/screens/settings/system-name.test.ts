import { platform, release } from 'node:os';
import { expect, test } from 'vitest';
import { systemName } from '../../../../renderer/screens/settings/system-name.ts';

test('a system is named as people call it, without its release', () => {
  expect(['linux 6.18.44-generic', 'darwin 25.1.0', 'win32 10.0.26100'].map(systemName)).toEqual([
    'Linux',
    'macOS',
    'Windows',
  ]);
  expect(systemName('freebsd 15.0')).toBe('freebsd');
  expect(systemName(`${platform()} ${release()}`)).not.toContain(release());
});
