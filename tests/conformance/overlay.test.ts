import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../host/storage/memory.js';
import { OverlayStorage } from '../../host/storage/overlay.js';
import { storageSuite } from './storage-suite.js';

storageSuite('an overlay', () => OverlayStorage.over(new MemoryStorage()));

describe('an overlay over files', () => {
  const text = (value: string): Uint8Array => Buffer.from(value);

  it('shows them, changes them for itself alone, and leaves every byte below as it was', async () => {
    const below = new MemoryStorage(['kept', 'cut', 'moved', 'gone', 'made anew'].map((name) => [name, text(name)]));
    const before = below.files();
    const overlay = await OverlayStorage.over(below);
    const read = async (name: string): Promise<string> => {
      const file = await overlay.open(name, 'read');
      const bytes = new Uint8Array(file.size());
      file.read(bytes, 0);
      file.close();
      return Buffer.from(bytes).toString();
    };
    const cut = await overlay.open('cut', 'write');
    cut.truncate(1);
    cut.write(text('old'), 1);
    cut.close();
    await overlay.rename('moved', 'there');
    await overlay.rename('there', 'kept');
    await overlay.remove('gone');
    (await overlay.open('made anew', 'create')).write(text('new'), 0);
    expect((await overlay.list()).sort()).toEqual(['cut', 'kept', 'made anew']);
    expect(await Promise.all(['kept', 'cut', 'made anew'].map(read))).toEqual(['moved', 'cold', 'new']);
    expect(overlay.moved()).toEqual([{ from: 'moved', to: 'kept' }]);
    await expect(overlay.open('gone', 'read')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(below.files()).toEqual(before);
  });
});
